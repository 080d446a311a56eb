/** What is to be done at a market time. */
type Task = (nowMs: number) => void;

interface Waiting {
  atMs: number;
  readonly task: Task;
  readonly signed: { readonly action: unknown } | null;
}

/** Requests on their way to taking effect, in the order in which they will. */
export interface WaitingLine {
  /** Market time of the first; ∞ when nobody waits. */
  readonly nextMs: number;
  /** Lines up: questions never overtake questions nor actions actions; of the same time, who came first goes first. */
  add(atMs: number, task: Task, signed: { readonly action: unknown } | null): void;
  /** Takes the first out. */
  take(): Task | null;
  /** Nobody waits longer than until `nowMs`. */
  hasten(nowMs: number): void;
}

/**
 * A line in which actions of one market time are one block: `orderBlock`, where given, arranges them when their time has come
 * (PROTOCOL §6).
 */
export function createWaitingLine(orderBlock: ((actions: readonly unknown[]) => readonly number[]) | null): WaitingLine {
  let line: Waiting[] = [];
  let first = 0;
  let arrangedMs = Number.NEGATIVE_INFINITY;
  const latest = { actions: 0, questions: 0 };

  /** Puts the actions of the coming block in the order in which they take effect; questions keep their places. */
  function arrange(atMs: number): void {
    if (orderBlock === null || arrangedMs === atMs) return;
    arrangedMs = atMs;
    const places: number[] = [];
    for (let at = first; at < line.length && line[at]?.atMs === atMs; at += 1) if (line[at]?.signed != null) places.push(at);
    if (places.length < 2) return;
    const block = places.flatMap((place) => line[place] ?? []);
    for (const [nth, chosen] of orderBlock(block.map(({ signed }) => signed?.action)).entries()) {
      const [place, waiting] = [places[nth], block[chosen]];
      if (place !== undefined && waiting !== undefined) line[place] = waiting;
    }
  }

  return {
    get nextMs() {
      return line[first]?.atMs ?? Number.POSITIVE_INFINITY;
    },
    add(wantedMs, task, signed) {
      const kind = signed === null ? 'questions' : 'actions';
      const atMs = Math.max(wantedMs, latest[kind]);
      latest[kind] = atMs;
      let at = line.length;
      while (at > first && (line[at - 1]?.atMs ?? 0) > atMs) at -= 1;
      line.splice(at, 0, { atMs, task, signed });
    },
    take() {
      const head = line[first];
      if (head === undefined) return null;
      arrange(head.atMs);
      const { task } = line[first] ?? head;
      first += 1;
      if (first === line.length) {
        line = [];
        first = 0;
      } else if (first > 1_024) {
        line = line.slice(first);
        first = 0;
      }
      return task;
    },
    hasten(nowMs) {
      for (let at = first; at < line.length; at += 1) {
        const waiting = line[at];
        if (waiting !== undefined) waiting.atMs = Math.min(waiting.atMs, nowMs);
      }
      latest.actions = Math.min(latest.actions, nowMs);
      latest.questions = Math.min(latest.questions, nowMs);
    },
  };
}
