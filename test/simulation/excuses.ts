/** Which time without a stop is ours to answer for: what was out of order, for whom, and how long. */

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Spans as they were told, and of each the latest end of it and all before: who asks of late looks at the last few. */
interface Spans {
  readonly told: Span[];
  readonly latestMs: number[];
}

/** How long after a trouble has ended its effects may last, ms: a look, a few reads and round trips, and a worker's way back. */
const AFTER_MS = 4_000;
/** What could not be placed is placed again, or its fate asked for, at once. */
const AFTER_PLACE_MS = 1_500;
/** Whoever could not read the venue backs off for up to ten seconds, news or not. */
const AFTER_READ_MS = 10_000;

const afterMs = (what: string): number => {
  // How long it takes until it is stood in for is told with it.
  if (what === 'hang') return 0;
  if (what.startsWith('read')) return AFTER_READ_MS;
  return what.startsWith('place') ? AFTER_PLACE_MS : AFTER_MS;
};

export interface Excuses {
  /** Something is out of order for a bot, or for all (null), on one coin or on all (null). */
  add(bot: string | null, coin: string | null, span: { readonly fromMs: number; readonly ms: number; readonly what: string }): void;
  /** Milliseconds of an interval that no trouble excuses. */
  unexcusedMs(bot: string, coin: string, fromMs: number, toMs: number): number;
}

/** All spans that end after a time, and maybe some before it, in the order they were told. */
function endingAfter(spans: Spans | undefined, ms: number): readonly Span[] {
  if (spans === undefined) return [];
  let first = spans.told.length;
  while (first > 0 && (spans.latestMs[first - 1] ?? ms) > ms) first -= 1;
  return spans.told.slice(first);
}

export function createExcuses(): Excuses {
  const spans = new Map<string, Spans>();
  const key = (bot: string | null, coin: string | null): string => `${bot ?? '*'} ${coin ?? '*'}`;
  return {
    add(bot, coin, { fromMs, ms, what }) {
      const of = spans.get(key(bot, coin)) ?? { told: [], latestMs: [] };
      spans.set(key(bot, coin), of);
      const untilMs = fromMs + ms + afterMs(what);
      of.told.push({ fromMs, untilMs });
      of.latestMs.push(Math.max(untilMs, of.latestMs.at(-1) ?? untilMs));
    },
    unexcusedMs(bot, coin, fromMs, toMs) {
      const found = [key(bot, coin), key(bot, null), key(null, coin), key(null, null)].flatMap((of) => endingAfter(spans.get(of), fromMs));
      const within = found.filter((span) => span.untilMs > fromMs && span.fromMs < toMs).sort((a, b) => a.fromMs - b.fromMs);
      let excused = 0;
      let at = fromMs;
      for (const span of within) {
        const from = Math.max(at, span.fromMs);
        const until = Math.min(toMs, span.untilMs);
        if (until <= from) continue;
        excused += until - from;
        at = until;
      }
      return toMs - fromMs - excused;
    },
  };
}
