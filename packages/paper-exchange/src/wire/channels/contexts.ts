import { deflateRawSync } from 'node:zlib';
import { optional, string } from '../fields.ts';
import { assetCtxs } from '../info-market.ts';
import { SPOT_CTXS, spotCtx } from '../spot.ts';
import { type Channel, ofMarket, readCoin, SILENCE } from './channel.ts';

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

/** Of a perpetual; a spot pair's context comes on a channel of its own name and never changes here. */
const activeAssetCtx: Channel = {
  open(from, sources) {
    const { feed, venue } = sources;
    const coin = readCoin(from, sources);
    const spot = spotCtx(coin);
    const base = { about: { coin }, key: coin, echo: from };
    if (spot !== null) return { ...base, channel: 'activeSpotAssetCtx', snapshot: () => ({ coin, ctx: spot }), push: () => SILENCE };
    return {
      ...base,
      // Nothing while the coin has no mark: a price of 0.0 would be none.
      snapshot: () => (feed.hasMark(coin) ? { coin, ctx: feed.ctx(coin, venue.nowMs) } : null),
      push: (occasion) => (occasion.kind === 'mark' ? [{ coin, ctx: feed.ctx(coin, occasion.timeMs) }] : SILENCE),
    };
  },
};

const mainDexCtxs = ofMarket((sources) => {
  const data = () => ({ dex: '', ctxs: assetCtxs(sources, sources.venue.nowMs) });
  return { snapshot: data, push: (occasion) => (occasion.kind === 'contexts' ? [data()] : SILENCE) };
});

const allDexsAssetCtxs = ofMarket((sources) => {
  const data = () => ({ ctxs: [['', assetCtxs(sources, sources.venue.nowMs)]] });
  return { snapshot: data, push: (occasion) => (occasion.kind === 'contexts' ? [data()] : SILENCE) };
});

const spotAssetCtxs = ofMarket(() => ({ snapshot: () => SPOT_CTXS, push: () => SILENCE }));

/** No outcome is ever made or settled here: it begins and stays silent. */
const outcomeMetaUpdates = ofMarket(() => ({ snapshot: () => null, push: () => SILENCE }));

interface FastCtx {
  readonly markPx?: string;
  readonly midPx?: string | null;
}

const packed = (ctxs: Readonly<Record<string, FastCtx>>): string => deflateRawSync(JSON.stringify(ctxs)).toString('base64');

/** Mark and mid of every coin, then of those that moved, each message compressed: base64 over raw deflate (PROTOCOL §9). */
const fastAssetCtxs = ofMarket((sources) => {
  let told = new Map<string, Required<FastCtx>>();
  const look = () => new Map(sources.feed.marks().map(({ coin, markPx, midPx }) => [coin, { markPx, midPx }]));
  return {
    snapshot() {
      told = look();
      return packed(Object.fromEntries(told));
    },
    push(occasion) {
      if (occasion.kind !== 'contexts' && occasion.kind !== 'mids') return SILENCE;
      const now = look();
      const moved = [...now].flatMap(([coin, ctx]) => {
        const before = told.get(coin);
        const change: FastCtx = {
          ...(before?.markPx === ctx.markPx ? {} : { markPx: ctx.markPx }),
          ...(before?.midPx === ctx.midPx ? {} : { midPx: ctx.midPx }),
        };
        return Object.keys(change).length === 0 ? [] : [[coin, change] as const];
      });
      told = now;
      return moved.length === 0 ? SILENCE : [packed(Object.fromEntries(moved))];
    },
  };
});

/** Channels of prices and contexts (PROTOCOL §9). */
export const CONTEXT_CHANNELS = {
  allMids,
  activeAssetCtx,
  assetCtxs: mainDexCtxs,
  allDexsAssetCtxs,
  spotAssetCtxs,
  fastAssetCtxs,
  outcomeMetaUpdates,
} as const;
