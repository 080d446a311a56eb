/** What other programs see of trades: shown in their rows, from the ledger, whenever the two differ. */
import type { Ledger, SignalQueue } from '@hyperfleet/trading';

/** Trades shown in one go, before the thread looks at its messages again. */
const PROJECTIONS_A_TURN = 64;

interface ProjectDeps {
  readonly ledger: Pick<Ledger, 'unprojected' | 'markProjected'>;
  readonly queue: Pick<SignalQueue, 'project'>;
  /** A market time, ms, as ISO text of the wall clock. */
  readonly marketToIso: (marketMs: number) => string;
}

/** Shows the oldest trades of a bot whose rows are behind. True when more may be. Throws `StoreError`; what was shown is no harm then. */
export function project({ ledger, queue, marketToIso }: ProjectDeps, bot: string): boolean {
  const behind = ledger.unprojected(bot, PROJECTIONS_A_TURN);
  const shown = behind.map((projection) => {
    const { tradeId, version } = projection.trade;
    return { tradeId, version, showing: queue.project(projection, marketToIso) };
  });
  // Told once for all: each telling is a sync of the disk, and a row shown twice is no harm.
  if (shown.length > 0) ledger.markProjected(shown);
  return behind.length === PROJECTIONS_A_TURN;
}
