/** Orders and positions that are not ours: seen and shown. */
import type { AccountView, OpenOrder, OrderRole } from '@hyperfleet/trading';
import type { LoopDeps } from './settings.ts';

/** Signed size our open trades hold on each coin, in lots. */
export function heldByTrades(deps: Pick<LoopDeps, 'ledger' | 'settings'>): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  for (const trade of deps.ledger.activeTrades(deps.settings.id)) {
    if (trade.direction === null) continue;
    const sums = deps.ledger.fillSums(trade.tradeId);
    const sign = trade.direction === 'long' ? 1 : -1;
    held.set(trade.coin, (held.get(trade.coin) ?? 0) + sign * (sums.entrySz - sums.exitSz));
  }
  return held;
}

/** What a look at the venue found that is not ours. */
export interface ForeignLook {
  /** Coins with an order or position that is not ours, sorted. */
  readonly coins: readonly string[];
  /** Market time at which the look began, ms: what has come since is not in it. */
  readonly atMs: number;
}

/** How much later than its interval a look may be: entries go on through a read or two that failed. */
const LOOK_LATE_MS = 20_000;

/** What a signal worker has been told of the wallet. */
export interface ForeignNews {
  hear(look: ForeignLook): void;
  has(coin: string): boolean;
  /** Why no entry may go: somebody may have come onto its coin since the wallet could last be looked at. Null when it was of late. */
  refusal(): string | null;
  last(): ForeignLook | null;
}

export function createForeignNews({ clock, settings }: Pick<LoopDeps, 'clock' | 'settings'>): ForeignNews {
  let last: ForeignLook | null = null;
  return {
    hear(look) {
      // A newer one may have been told meanwhile.
      if (last === null || look.atMs >= last.atMs) last = look;
    },
    has: (coin) => last?.coins.includes(coin) === true,
    refusal() {
      const ageMs = clock.now() - (last?.atMs ?? 0);
      if (ageMs <= settings.reconcileIntervalMs + LOOK_LATE_MS) return null;
      return `what else the wallet holds was last seen ${Math.round(ageMs / 1000)} s ago; an entry needs a newer look`;
    },
    last: () => last,
  };
}

/** Whether we never recorded it. */
export const isForeignOrder = (deps: LoopDeps, order: OpenOrder): boolean =>
  (order.cloid === null ? deps.ledger.orderByOid(deps.settings.id, order.oid) : deps.ledger.order(order.cloid)) === null;

const hasLiveOrder = (deps: LoopDeps, coin: string, role?: OrderRole): boolean =>
  deps.ledger
    .liveOrders(deps.settings.id)
    .some((order) => order.intent.coin === coin && (role === undefined || order.intent.role === role));

/**
 * Coins on which the wallet has an order we never recorded, or more position than our trades hold; sorted. To be asked as soon as the
 * account is read: `before` is what our trades held when it was asked for, and a coin that has moved since says nothing.
 */
function foreignCoins(
  deps: LoopDeps,
  open: readonly OpenOrder[],
  account: AccountView,
  before: ReadonlyMap<string, number>,
): readonly string[] {
  const coins = new Set<string>();
  for (const order of open) if (isForeignOrder(deps, order)) coins.add(order.coin);
  const held = heldByTrades(deps);
  for (const { coin, szi } of account.positions) {
    const ours = held.get(coin) ?? 0;
    if (szi === 0 || ours !== (before.get(coin) ?? 0)) continue;
    // A position nearer zero than ours, or one just moving, is not foreign: its fills are on their way.
    if (ours === 0 ? !hasLiveOrder(deps, coin) : exceeds(szi, ours) && !hasLiveOrder(deps, coin, 'entry')) coins.add(coin);
  }
  return [...coins].sort();
}

/** Reads what the wallet has, and what of it is not ours. Throws operational errors when the venue cannot be asked. */
export async function lookAtWallet(
  deps: LoopDeps,
): Promise<{ readonly open: readonly OpenOrder[]; readonly account: AccountView; readonly foreign: ForeignLook }> {
  const atMs = deps.clock.now();
  const open = await deps.reads.openOrders();
  const before = heldByTrades(deps);
  const account = await deps.reads.account();
  // At once: by the time anything else is asked for, a trade may have ended whose position this account still shows.
  return { open, account, foreign: { coins: foreignCoins(deps, open, account, before), atMs } };
}

const exceeds = (szi: number, ours: number): boolean => Math.sign(szi) === Math.sign(ours) && Math.abs(szi) > Math.abs(ours);
