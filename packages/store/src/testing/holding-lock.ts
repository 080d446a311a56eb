/** Takes the lock of a data directory, or of a signer where one is named, and holds it until it is killed. */
import { lockDataDir, lockSigner } from '../lock.ts';

const [dir = '', signer] = process.argv.slice(2);
if (signer === undefined) lockDataDir(dir);
else lockSigner(dir, signer);
console.log('held');
setInterval(() => undefined, 60_000);
