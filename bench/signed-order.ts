import { createHash } from 'node:crypto';
import type { Signer } from '@hyperfleet/hyperliquid';

type Action = Readonly<Record<string, unknown>>;

/** The n-th throw-away key, hex. */
export const benchKey = (n: number): string => createHash('sha256').update(`bench key ${n}`).digest('hex');

interface Terms {
  readonly side: 'buy' | 'sell';
  readonly px: string;
  readonly cloid: string;
}

/** BTC limit orders of 0.001; keys in the order that is hashed (PROTOCOL §2.1). `px` is a decimal string. */
export const orderAction = (orders: readonly Terms[]): Action => ({
  type: 'order',
  orders: orders.map(({ side, px, cloid }) => ({
    a: 0,
    b: side === 'buy',
    p: px,
    s: '0.001',
    r: false,
    t: { limit: { tif: 'Gtc' } },
    c: cloid,
  })),
  grouping: 'na',
});

/** Cancels BTC orders of ours. */
export const cancelAction = (cloids: readonly string[]): Action => ({
  type: 'cancelByCloid',
  cancels: cloids.map((cloid) => ({ asset: 0, cloid })),
});

/** The body of an /exchange request on testnet, signed. */
export function signedBody(signer: Signer, action: Action, nonce: number): string {
  const signature = signer.sign({ action, nonce, vaultAddress: null, expiresAfterMs: null, isMainnet: false });
  return JSON.stringify({ action, nonce, signature });
}
