/** The venue's thread: a Hyperliquid on loopback that trades the recorded market. */
import { workerData } from 'node:worker_threads';
import { createPaperExchange, createVenue, marketOf, openRecording, universeOf } from '@hyperfleet/paper-exchange';
import { openThread } from '@hyperfleet/supervisor';
import { createLog } from '@hyperfleet/telemetry';
import { assertNever } from '../assert-never.ts';
import { createReplayClock, mapClock } from '../clock.ts';
import { createGateClock } from '../gate-clock.ts';
import { paperSettings } from '../paper-settings.ts';
import type { VenueData, VenueProtocol } from '../protocol.ts';

const data: VenueData = workerData;
const clock = createGateClock(data.standingMs);

const thread = openThread<VenueProtocol>({
  onMessage(message) {
    switch (message.kind) {
      case 'go':
        clock.go(message.clock);
        return;
      case 'freeze':
        clock.freeze();
        exchange.release();
        return;
      default:
        assertNever(message);
    }
  },
  calls: {
    audit: () => ({ audit: exchange.audit(), nowMs: exchange.now() }),
    accounts: (addresses) => addresses.map((address) => venue.account(toAddress(address))),
  },
  drain: () => exchange.close(),
});
const log = createLog((record) => thread.send({ kind: 'log', record }), { thread: 'paper-venue' });

const recording = openRecording(data.recording);
const venue = createVenue({
  instruments: universeOf(recording.header.instruments),
  settings: paperSettings(data.limits),
});
const exchange = createPaperExchange({
  venue,
  clock,
  market: marketOf(recording),
  network: 'testnet',
  limits: data.limits,
  latency: data.latency,
  // The market waits for the bots, but the minutes of limits go on: bots that ask too much while they start are told so.
  pace: createReplayClock(mapClock(data.standingMs, data.speed)),
  stands: clock.stands,
  journalPath: data.journalPath,
  onMarketEnd: () => thread.send({ kind: 'market-ended', atMs: clock.now() }),
});
for (const { address, usd } of data.accounts) {
  if (exchange.hasAccount(address)) continue;
  exchange.fund(address, usd);
  log.info('account funded', { address, microUsd: usd });
}
if (data.clock !== null) clock.go(data.clock);
const { url, port } = await exchange.listen(data.port);
log.info('venue listens', { url, marketMs: clock.now() });
thread.send({ kind: 'listening', url, port, nowMs: clock.now() });
thread.ready();

function toAddress(text: string): `0x${string}` {
  return `0x${text.slice(2).toLowerCase()}`;
}
