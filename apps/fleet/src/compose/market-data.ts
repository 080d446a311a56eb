import type { RestartConfig } from '@hyperfleet/config';
import { type Supervised, supervise } from '@hyperfleet/supervisor';
import type { LogRecord } from '@hyperfleet/telemetry';
import { assertNever } from '../assert-never.ts';
import type { MarketDataData, MarketDataProtocol } from '../protocol.ts';
import { WORKER_LIMITS } from './worker-limits.ts';

export interface MarketDataEvents {
  readonly log: (record: LogRecord) => void;
  readonly onFeedLost: (reason: string) => void;
  readonly onRestart: (worker: string, reason: string) => void;
  readonly onHalted: (worker: string, reason: string) => void;
}

/** Starts the thread that writes the books every other thread reads. */
export function startMarketData(data: MarketDataData, restart: RestartConfig, events: MarketDataEvents): Supervised<MarketDataProtocol> {
  const name = 'market-data';
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
          if (message.state.kind === 'disconnected') events.onFeedLost(message.state.reason);
          return;
        default:
          assertNever(message);
      }
    },
    onRestart: (reason) => events.onRestart(name, reason),
    onHalted: (reason) => events.onHalted(name, reason),
  });
}
