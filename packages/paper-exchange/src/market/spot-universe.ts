/** What mainnet lists for spot, in its order. The facts stand in `universe/`; nothing of it is traded here. */
import { readFileSync } from 'node:fs';

/** A token; its index is its place. */
interface SpotToken {
  readonly name: string;
  readonly szDecimals: number;
  readonly weiDecimals: number;
  readonly tokenId: string;
  readonly deployerTradingFeeShare: string;
  readonly evm: { readonly address: string; readonly extraWeiDecimals: number } | null;
  readonly fullName: string | null;
}

/** A pair by the indices of its tokens. Indices of pairs that are gone are left out. */
interface SpotPair {
  readonly index: number;
  readonly base: number;
  readonly quote: number;
}

const linesOf = (file: string): string[][] =>
  readFileSync(new URL(`../../universe/${file}`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

/** Mainnet's spot tokens, each at its index. */
export const MAINNET_SPOT_TOKENS: readonly SpotToken[] = linesOf('mainnet-spot-tokens.csv').map((fields) => {
  const [name = '', szDecimals, weiDecimals, tokenId = '', share = '', address = '', extra, ...words] = fields;
  const fullName = words.join(',');
  return {
    name,
    szDecimals: Number(szDecimals),
    weiDecimals: Number(weiDecimals),
    tokenId,
    deployerTradingFeeShare: share,
    evm: address === '' ? null : { address, extraWeiDecimals: Number(extra) },
    fullName: fullName === '' ? null : fullName,
  };
});

/** Mainnet's spot pairs in its order. */
export const MAINNET_SPOT_PAIRS: readonly SpotPair[] = linesOf('mainnet-spot-pairs.csv').map(([index, base, quote]) => ({
  index: Number(index),
  base: Number(base),
  quote: Number(quote),
}));
