import { takeCoverage } from 'node:v8';
import { afterAll } from 'vitest';

// A test's process is ended before it would write what it counted.
afterAll(() => takeCoverage());
