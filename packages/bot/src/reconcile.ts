/** Holds the ledger against the venue: fills, orders, positions. Each difference is met by a named rule and recorded. */
import type { AccountView, Cloid, LedgerEvent, OpenOrder, OrderRecord } from '@hyperfleet/trading';
import { type ForeignLook, lookAtWallet } from './foreign.ts';
import { resolveOrders } from './resolve.ts';
import type { Detail, LoopDeps } from './settings.ts';
import { stateOfOpenOrder, syncFills } from './venue-news.ts';

/** Said when an order or position that is not ours comes to be seen on a coin, and when none is left. */
const FOREIGN_SEEN = 'foreign orders or positions seen';
const FOREIGN_GONE = 'no foreign order or position left';

export interface Reconciler {
  /** One pass. Throws operational errors when the venue cannot be asked; nothing is then assumed. */
  run(): Promise<{ readonly account: AccountView; readonly foreign: ForeignLook }>;
}

/** Makes a reconciler of one bot. */
export function createReconciler(deps: LoopDeps): Reconciler {
  let foreignTold = '';

  const tellForeign = (look: ForeignLook): void => {
    const { coins } = look;
    const told = coins.join(',');
    deps.peer.send({ kind: 'foreign', look });
    if (told === foreignTold) return;
    foreignTold = told;
    note(deps, null, coins.length > 0 ? FOREIGN_SEEN : FOREIGN_GONE, { coins: told });
    deps.report({ kind: coins.length > 0 ? 'alert' : 'over', phrase: FOREIGN_SEEN, detail: { coins: told } });
  };

  return {
    async run() {
      const { ledger, settings } = deps;
      await syncFills(deps);
      const { open, account, foreign } = await lookAtWallet(deps);
      tellForeign(foreign);
      const byCloid = new Map<Cloid, OpenOrder>();
      for (const order of open) if (order.cloid !== null) byCloid.set(order.cloid, order);

      const missing: OrderRecord[] = [];
      for (const order of ledger.liveOrders(settings.id)) {
        const found = byCloid.get(order.intent.cloid);
        if (found !== undefined) ledger.applyOrderNews(order.intent.cloid, { state: stateOfOpenOrder(found), oid: found.oid });
        // An answer may be on its way to the other thread: what was recorded a moment ago is left to it.
        else if (deps.clock.now() > order.expiresAfterMs || order.state !== 'intent') missing.push(order);
      }
      if (missing.length > 0) await resolveOrders(deps, missing);
      await sweepOrphans(deps, open);
      return { account, foreign };
    },
  };
}

/** Orders of ours that rest for a trade already over are cancelled: they would open or cut the next position. */
async function sweepOrphans(deps: LoopDeps, open: readonly OpenOrder[]): Promise<void> {
  const { ledger, settings } = deps;
  const orphans: { coin: string; cloid: Cloid }[] = [];
  for (const order of open) {
    const ours = order.cloid === null ? null : ledger.order(order.cloid);
    if (ours === null || ours.bot !== settings.id) continue;
    const trade = ledger.trade(ours.tradeId);
    if (trade !== null && (trade.phase === 'settled' || trade.phase === 'refused'))
      orphans.push({ coin: order.coin, cloid: ours.intent.cloid });
  }
  if (orphans.length === 0) return;
  note(deps, null, 'orphan orders cancelled', { count: orphans.length, coins: orphans.map(({ coin }) => coin).join(',') });
  await deps.exchange.cancel(orphans, deps.nextNonce());
}

function note(deps: LoopDeps, tradeId: string | null, event: string, detail: Detail): void {
  const line: LedgerEvent = { bot: deps.settings.id, tradeId, atMs: deps.clock.now(), event, detail };
  deps.ledger.record(line);
  deps.log.warn(event, detail);
}
