import type { RestartConfig } from '@hyperfleet/config';
import type { FeedState } from '@hyperfleet/hyperliquid';
import { type Supervised, supervise } from '@hyperfleet/supervisor';
import type { LogRecord } from '@hyperfleet/telemetry';
import { assertNever } from '../assert-never.ts';
import type { MarketDataData, MarketDataProtocol } from '../protocol.ts';
import { WORKER_LIMITS } from './worker-limits.ts';

export interface MarketDataEvents {
  readonly log: (record: LogRecord) => void;
  /** Once for as long as it is gone, however often it is tried. */
  readonly onFeedLost: (reason: string) => void;
  readonly onFeedBack: () => void;
  readonly onRestart: (worker: string, reason: string) => void;
  readonly onHalted: (worker: string, reason: string) => void;
}

/** Starts the thread that writes the books every other thread reads. */
export function startMarketData(data: MarketDataData, restart: RestartConfig, events: MarketDataEvents): Supervised<MarketDataProtocol> {
  const name = 'market-data';
  const hearFeed = createFeedNews(events);
  return supervise<MarketDataProtocol>({
    name,
    entry: new URL('../workers/market-data.worker.ts', import.meta.url),
    launch: () => ({ workerData: data }),
    ...WORKER_LIMITS,
    restart,
    onMessage(message) {
      switch (message.kind) {
        case 'log':
          events.log(message.record);
          return;
        case 'feed':
          hearFeed(message.state);
          return;
        default:
          assertNever(message);
      }
    },
    onRestart: (reason) => events.onRestart(name, reason),
    onHalted: (reason) => events.onHalted(name, reason),
  });
}

/** Tells of a feed that is lost and that is back, each once. */
export function createFeedNews({
  onFeedLost,
  onFeedBack,
}: Pick<MarketDataEvents, 'onFeedLost' | 'onFeedBack'>): (state: FeedState) => void {
  let isLost = false;
  return (state) => {
    if (state.kind === 'disconnected' && !isLost) onFeedLost(state.reason);
    if (state.kind === 'connected' && isLost) onFeedBack();
    if (state.kind === 'disconnected' || state.kind === 'connected') isLost = state.kind === 'disconnected';
  };
}
