import type { Instrument } from '@hyperfleet/trading';
import type { MarketSource } from './in-process.ts';
import type { MarketEvent } from './market/event.ts';
import { UNIVERSE_NAME } from './market/instruments.ts';

/** What a market source is made of: an opened recording is one. */
export interface RecordedMarket {
  readonly header: {
    readonly source: string;
    readonly marketStartMs: number;
    readonly endMs: number;
    readonly instruments: readonly Instrument[];
  };
  events(): Iterable<MarketEvent>;
  /** Its coins are told step by step from outside. */
  readonly isTold?: boolean;
}

/** An event at another time: receipt and exchange times move alike. */
function moved(event: MarketEvent, offsetMs: number): MarketEvent {
  const atMs = event.atMs + offsetMs;
  switch (event.kind) {
    case 'book':
    case 'bbo':
      return { ...event, atMs, exchangeTimeMs: event.exchangeTimeMs + offsetMs };
    case 'prints':
      return { ...event, atMs, prints: event.prints.map((print) => ({ ...print, exchangeTimeMs: print.exchangeTimeMs + offsetMs })) };
    case 'gap':
      return { ...event, atMs, untilMs: event.untilMs + offsetMs };
    case 'mark':
      return { ...event, atMs };
    default:
      return event satisfies never;
  }
}

function* movedEvents(events: Iterable<MarketEvent>, offsetMs: number): Generator<MarketEvent> {
  for (const event of events) yield moved(event, offsetMs);
}

/**
 * A recording as a market to trade on, at its own times or moved by `offsetMs`, so that a recording of last year can run by
 * today's clock and take the nonces of clients that look at it.
 */
export function marketOf(recording: RecordedMarket, offsetMs = 0): MarketSource {
  const { source, marketStartMs, endMs, instruments } = recording.header;
  return {
    // A journal names assets by their ids, so the list that gives them belongs to the name.
    name: `${instruments.map(({ coin }) => coin).join(' ')} from ${marketStartMs} to ${endMs}, ${source}, ids of ${UNIVERSE_NAME}`,
    startMs: marketStartMs + offsetMs,
    endMs: endMs + offsetMs,
    offsetMs,
    ...(recording.isTold === true ? { told: instruments.map(({ coin }) => coin) } : {}),
    events: offsetMs === 0 ? recording.events() : movedEvents(recording.events(), offsetMs),
  };
}
