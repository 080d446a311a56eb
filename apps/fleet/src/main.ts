#!/usr/bin/env node
/**
 * Where Node starts: everything else is loaded once it is known where the compiled modules are kept, of ours and of every worker's, which
 * start in half the time with them. Beside the libraries, since who may write there could change what we run anyway; where it cannot be
 * written to, nothing is kept.
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/hyperfleet', import.meta.url)));
await import('./command.ts');
