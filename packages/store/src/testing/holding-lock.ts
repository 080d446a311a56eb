/** Takes the lock of a data directory and holds it until it is killed. */
import { lockDataDir } from '../lock.ts';

lockDataDir(process.argv[2] ?? '');
console.log('held');
setInterval(() => undefined, 60_000);
