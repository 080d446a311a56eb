import { optional, string } from '../fields.ts';
import { assetCtxs } from '../info-market.ts';
import { type Channel, ofCoin, ofMarket, SILENCE } from './channel.ts';

/** `dex` is told back only when it was asked for: the stock client drops what names another (PROTOCOL §9). */
const allMids: Channel = {
  open(from, { feed }) {
    const dex = optional(from, 'dex', string);
    const mids = () => (dex === null ? { mids: feed.mids() } : { dex, mids: feed.mids() });
    return {
      about: {},
      key: `${dex}`,
      echo: from,
      snapshot: mids,
      push: (occasion) => (occasion.kind === 'mids' ? [mids()] : SILENCE),
    };
  },
};

const activeAssetCtx = ofCoin((coin, { feed, venue }) => ({
  // Nothing while the coin has no mark: a price of 0.0 would be none.
  snapshot: () => (feed.hasMark(coin) ? { coin, ctx: feed.ctx(coin, venue.nowMs) } : null),
  push: (occasion) => (occasion.kind === 'mark' ? [{ coin, ctx: feed.ctx(coin, occasion.timeMs) }] : SILENCE),
}));

const mainDexCtxs = ofMarket((sources) => {
  const data = () => ({ dex: '', ctxs: assetCtxs(sources, sources.venue.nowMs) });
  return { snapshot: data, push: (occasion) => (occasion.kind === 'contexts' ? [data()] : SILENCE) };
});

const allDexsAssetCtxs = ofMarket((sources) => {
  const data = () => ({ ctxs: [['', assetCtxs(sources, sources.venue.nowMs)]] });
  return { snapshot: data, push: (occasion) => (occasion.kind === 'contexts' ? [data()] : SILENCE) };
});

/** Channels of prices and contexts (PROTOCOL §9). */
export const CONTEXT_CHANNELS = { allMids, activeAssetCtx, assetCtxs: mainDexCtxs, allDexsAssetCtxs } as const;
