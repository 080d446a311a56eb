import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

it('ends workers in the midst of signing without taking the process with them', async () => {
  const main = fileURLToPath(new URL('./ending/main.ts', import.meta.url));
  await expect(promisify(execFile)(process.execPath, [main])).resolves.toMatchObject({ stdout: '36 ended\n' });
});
