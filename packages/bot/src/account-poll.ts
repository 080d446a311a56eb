/** Asks for the account again and again while no stream tells of it, so that a fill is known within a bound. */
import type { AccountView, Clock } from '@hyperfleet/trading';
import { isOperational } from './trade-runner.ts';

export interface AccountPoll {
  start(): void;
  stop(): void;
}

/**
 * Every `everyMs` of market time, while `isWanted`, asks and compares: positions that are not what they were, or not what the
 * bot holds by its own books, have fills behind them that are to be read. One at a time: a slow venue is not asked more.
 */
export function createAccountPoll(args: {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly isWanted: () => boolean;
  readonly ask: () => Promise<AccountView>;
  /** Signed lots the bot's trades hold by coin. */
  readonly held: () => ReadonlyMap<string, number>;
  readonly onAccount: (account: AccountView) => void;
  readonly onMoved: () => void;
  readonly onFailed: (error: Error) => void;
  readonly onBug: (error: unknown) => void;
}): AccountPoll {
  const { clock, everyMs } = args;
  let stopTimer: () => void = () => undefined;
  let stopped = true;
  let last: string | null = null;
  let unexplained = 0;

  async function once(): Promise<void> {
    const account = await args.ask();
    if (stopped) return;
    args.onAccount(account);
    const positions = account.positions.map(({ coin, szi }) => [coin, szi] as const).sort(([a], [b]) => (a < b ? -1 : 1));
    const now = JSON.stringify(positions);
    const atVenue = new Map(positions);
    const isOurs = [...args.held()].every(([coin, szi]) => (atVenue.get(coin) ?? 0) === szi);
    const moved = last !== null && last !== now;
    last = now;
    // What stays unexplained (fills not listed yet, a position that is not ours) is looked into ever less often.
    unexplained = isOurs ? 0 : moved ? 1 : unexplained + 1;
    if (moved || (unexplained > 0 && Math.log2(unexplained) % 1 === 0)) args.onMoved();
  }

  function wait(): void {
    stopTimer = clock.after(everyMs, () => {
      if (stopped) return;
      if (!args.isWanted()) {
        last = null;
        wait();
        return;
      }
      once()
        .catch((error: unknown) => (isOperational(error) ? args.onFailed(error) : args.onBug(error)))
        .finally(() => {
          if (!stopped) wait();
        });
    });
  }

  return {
    start() {
      stopped = false;
      wait();
    },
    stop() {
      stopped = true;
      stopTimer();
    },
  };
}
