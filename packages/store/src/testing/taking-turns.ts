/** Takes the lock of a signer and gives it up, again and again; says at last how often it was not alone while it had it. */
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { lockSigner } from '../lock.ts';
import { StoreError } from '../store-error.ts';

const [dir = '', signer = '', turns = ''] = process.argv.slice(2);
const witness = join(dir, 'held');
const still = new Int32Array(new SharedArrayBuffer(4));
let crowded = 0;

function turn(): void {
  const lock = lockSigner(dir, signer);
  try {
    mkdirSync(witness);
    Atomics.wait(still, 0, 0, 2);
    rmdirSync(witness);
  } catch {
    crowded += 1;
  }
  lock.release();
}

for (let taken = 0; taken < Number(turns); ) {
  try {
    turn();
    taken += 1;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'in-use') throw error;
  }
}
console.log(crowded);
