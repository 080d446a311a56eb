import { signL1Action } from '@nktkas/hyperliquid/signing';
import type { Wallet } from './wallet.ts';

type Json = Readonly<Record<string, unknown>>;

/** An /exchange body for an L1 action, signed by the stock client's own code. */
export async function signedRequest(
  wallet: Wallet,
  action: Json,
  nonce: number,
  extra: { readonly isTestnet?: boolean; readonly expiresAfter?: number; readonly vaultAddress?: `0x${string}` } = {},
): Promise<Json> {
  const { isTestnet = false, ...rest } = extra;
  const signature = await signL1Action({ wallet, action, nonce, isTestnet, ...rest });
  return { action, nonce, signature, ...rest };
}

/** A BTC limit order of 0.01. */
export const btcOrder = (p: string, b = true, tif = 'Gtc', c?: string): Json => ({
  type: 'order',
  orders: [{ a: 0, b, p, s: '0.01', r: false, t: { limit: { tif } }, ...(c === undefined ? {} : { c }) }],
  grouping: 'na',
});
