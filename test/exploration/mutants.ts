/** Bugs that can be planted in the bot's own source as it is loaded, to see that a walk finds them. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

interface Change {
  /** A file, from packages/bot/src. */
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

interface Mutant extends Change {
  /** The second place, where two hold the same promise and either alone is enough. */
  readonly also?: Change;
}

/** The mind's walk has the parts of both workers that are not pure in a model of its own; bugs can be planted there too. */
const MIND = '../../../test/exploration/mind';

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  'unknown-is-failed': {
    file: 'perform.ts',
    find: "if (answer.kind === 'unknown') return { state: 'unknown', reason: answer.reason };",
    put: "if (answer.kind === 'unknown') return { state: 'dead', reason: answer.reason };",
  },
  'send-before-record': {
    file: 'perform.ts',
    find: '  if (!deps.ledger.recordIntents(',
    put: '  void deps.exchange.place(approved);\n  if (!deps.ledger.recordIntents(',
  },
  'old-stop-goes-first': {
    file: 'decide/protection.ts',
    find: '(dueBreakeven(sight) ?? moveToBreakeven(sight)',
    put: "(dueBreakeven(sight) ?? (sight.trade.breakeven === 'due' && sight.orders.some((order) => order.intent.role === 'stop' && order.state === 'resting' && !order.cancelAsked) ? ({ do: 'cancel', cloids: sight.orders.filter((order) => order.intent.role === 'stop').map((order) => order.intent.cloid), patch: {}, said: [] } satisfies Step) : null) ?? moveToBreakeven(sight)",
  },
  'no-patience': {
    file: 'resolve.ts',
    find: '  if (askedMs <= order.expiresAfterMs + PATIENCE_MS) return false;',
    put: '',
  },
  'gap-is-not-read-back': {
    file: 'fill-loop.ts',
    find: "else if (started) reconcileSoon('stream connected');",
    put: '',
  },
  'orphans-are-left': {
    file: 'decide/finish.ts',
    find: '  if (left.length > 0) {',
    put: '  if (left.length > 99) {',
    also: { file: 'settle.ts', find: 'if (resting.length > 0) return', put: 'if (resting.length > 99) return' },
  },
  'orphans-are-left-in-the-model': {
    file: 'decide/finish.ts',
    find: '  if (left.length > 0) {',
    put: '  if (left.length > 99) {',
    also: {
      file: `${MIND}/answers.ts`,
      find: '  if ((hand.waiting | hand.standing) !== 0) {',
      put: '  if ((hand.waiting | hand.standing) < 0) {',
    },
  },
  'waiting-child-counts': {
    file: 'sight.ts',
    find: "if (isStop(order) && order.state === 'resting' && !order.cancelAsked) sum += remaining(order);",
    put: "if (isStop(order) && (order.state === 'resting' || order.state === 'waiting') && !order.cancelAsked) sum += remaining(order);",
  },
  'ladder-while-exiting': {
    file: 'decide/protection.ts',
    find: '(trade.exitClaimedBy === null ? (dueBreakeven(sight) ?? moveToBreakeven(sight) ?? placeLadder(sight)) : null)',
    put: '(dueBreakeven(sight) ?? moveToBreakeven(sight) ?? placeLadder(sight))',
  },
  'breakeven-before-its-target': {
    file: 'decide/breakeven.ts',
    find: '  if (filled < first.sz) return null;',
    put: '',
  },
  'exit-leaves-the-entry': {
    file: 'decide/exit.ts',
    find: 'return cancelEntry(sight, claimedForMs) ?? closePosition(sight, claimedForMs) ?? finish(sight);',
    put: 'return closePosition(sight, claimedForMs) ?? finish(sight);',
  },
  'close-goes-twice': {
    file: 'decide/exit.ts',
    find: '  if (lost.length > 0) return',
    put: '  if (lost.length > 9) return',
  },
  'lost-is-dead-in-the-model': {
    file: `${MIND}/answers.ts`,
    find: 'apply(s, orderAt(s, slot), { state: STATE.unknown, reason: TIMED_OUT });',
    put: 'apply(s, orderAt(s, slot), { state: STATE.dead, reason: TIMED_OUT });',
  },
  'no-patience-in-the-model': {
    file: `${MIND}/answers.ts`,
    find: '  if (hand.late === 0) return false;',
    put: '',
  },
  'gap-is-not-read-back-in-the-model': {
    file: `${MIND}/events.ts`,
    find: 'else if (s.started[FILL] === 1 && s.putOff === 0) reconcile(s);',
    put: '',
  },
  'never-rests-in-the-model': {
    file: `${MIND}/events.ts`,
    find: '  const { s } = run;\n  grow(s);',
    put: '  const { s } = run;\n  if (s.ladder === 1) s.guard = 1 - s.guard;\n  grow(s);',
  },
};

/** Plants a bug in what is loaded from now on. False when there is none of this name; throws when its place in the source is gone. */
export function plant(name: string): boolean {
  const mutant = MUTANTS[name];
  if (mutant === undefined) return false;
  for (const change of mutant.also === undefined ? [mutant] : [mutant, mutant.also]) put(name, change);
  return true;
}

function put(name: string, change: Change): void {
  const url = new URL(`../../packages/bot/src/${change.file}`, import.meta.url).href;
  const source = readFileSync(fileURLToPath(url), 'utf8');
  if (source.split(change.find).length !== 2) throw new Error(`${change.file} no longer has the one place that ${name} changes`);
  registerHooks({
    load(loaded, context, next) {
      if (loaded !== url) return next(loaded, context);
      return { format: 'module-typescript', source: source.replace(change.find, () => change.put), shortCircuit: true };
    },
  });
}
