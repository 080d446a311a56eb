import { createHash } from 'node:crypto';
import type { Signer } from '@hyperfleet/hyperliquid';

type Action = Readonly<Record<string, unknown>>;

/** The n-th throw-away key, hex. */
export const benchKey = (n: number): string => createHash('sha256').update(`bench key ${n}`).digest('hex');

/** A BTC limit order of 0.001; keys in the order that is hashed (PROTOCOL §2.1). `px` is a decimal string. */
export const orderAction = ({
  side,
  px,
  cloid,
}: {
  readonly side: 'buy' | 'sell';
  readonly px: string;
  readonly cloid: string;
}): Action => ({
  type: 'order',
  orders: [{ a: 0, b: side === 'buy', p: px, s: '0.001', r: false, t: { limit: { tif: 'Gtc' } }, c: cloid }],
  grouping: 'na',
});

/** Cancels a BTC order of ours. */
export const cancelAction = (cloid: string): Action => ({ type: 'cancelByCloid', cancels: [{ asset: 0, cloid }] });

/** The body of an /exchange request on testnet, signed. */
export function signedBody(signer: Signer, action: Action, nonce: number): string {
  const signature = signer.sign({ action, nonce, vaultAddress: null, expiresAfterMs: null, isMainnet: false });
  return JSON.stringify({ action, nonce, signature });
}
