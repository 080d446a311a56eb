import { createHash } from 'node:crypto';
import { createSigner } from '@hyperfleet/hyperliquid';
import { readSigned } from '@hyperfleet/paper-exchange';
import secp256k1 from 'secp256k1';
import { type Bench, compare, timed } from './measure.ts';
import { benchKey, orderAction } from './signed-order.ts';

const TIMES = 1_000;

/** An order action signed and its signer recovered, each against the curve operation inside it. */
export const signing: Bench = {
  name: 'signing',
  title: 'an order action hashed and signed; its body read and its signer recovered',
  async run() {
    const key = benchKey(1);
    const secret = Buffer.from(key, 'hex');
    const signer = createSigner(key);
    const action = orderAction([{ side: 'buy', px: '99990', cloid: `0x${'1'.repeat(32)}` }]);
    const payload = { action, nonce: 1_757_015_216_000, vaultAddress: null, expiresAfterMs: 1_757_015_221_000, isMainnet: false };
    const body = { action, nonce: payload.nonce, signature: signer.sign(payload), expiresAfter: payload.expiresAfterMs };
    const digest = createHash('sha256').update('any 32 bytes').digest();
    const { signature, recid } = secp256k1.ecdsaSign(digest, secret);
    if (readSigned(body, 'testnet').signers[0] !== signer.address) throw new Error('the venue recovers another signer');
    return [
      await compare(
        { what: 'signer.sign', times: TIMES, run: timed(() => signer.sign(payload)) },
        { what: 'secp256k1.ecdsaSign', times: TIMES, run: timed(() => secp256k1.ecdsaSign(digest, secret)) },
      ),
      await compare(
        { what: 'venue reads and recovers', times: TIMES, run: timed(() => readSigned(body, 'testnet')) },
        { what: 'secp256k1.ecdsaRecover', times: TIMES, run: timed(() => secp256k1.ecdsaRecover(signature, recid, digest, false)) },
      ),
    ];
  },
};
