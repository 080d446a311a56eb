/**
 * Deliberate bugs: each a place in the code, its text as it stands and as it would be wrong. A mutation whose text is no longer
 * found fails the suite, so that the list lives with the code.
 */
export interface Change {
  /** Path from the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly old: string;
  readonly wrong: string;
}

export interface Mutation extends Change {
  readonly name: string;
  /** The second place, where two hold the same promise and either alone is enough. */
  readonly also?: Change;
  /** What it is tried on until a promise breaks: so many seeds, races or unknown outcomes. A rare coincidence needs more. */
  readonly trial: { readonly on: 'seeds' | 'races' | 'unknown'; readonly count: number };
  /** One of few that the suite runs each time; all run by command. */
  readonly sample?: true;
}

const BOT = 'packages/bot/src/';
const LEDGER = 'packages/store/src/ledger/';

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'send before it is recorded',
    file: `${BOT}perform.ts`,
    old: '  if (!deps.ledger.recordIntents(trade.tradeId, trade.version, recordsOf(deps, trade, request), step.patch, events)) return AGAIN;\n  tell(deps, trade, said.slice(0, 1), step.alert === true);\n  tell(deps, trade, said.slice(1));\n  return await send(deps, trade, approved);',
    wrong:
      '  const sent = send(deps, trade, approved);\n  deps.ledger.recordIntents(trade.tradeId, trade.version, recordsOf(deps, trade, request), step.patch, events);\n  return await sent;',
    trial: { on: 'seeds', count: 10 },
    sample: true,
  },
  {
    name: 'drop the overlap of the watermark',
    file: `${BOT}venue-news.ts`,
    old: 'Math.max(0, known - WATERMARK_OVERLAP_MS)',
    wrong: 'known + 1',
    trial: { on: 'seeds', count: 60 },
    sample: true,
  },
  {
    name: 'cancel the old stop before the new one rests',
    file: `${BOT}decide/breakeven.ts`,
    old: "  const attempt = nextAttempt(sight, 'breakeven');\n",
    wrong:
      "  const old = sight.orders.filter((order) => order.intent.role === 'stop' && order.state === 'resting' && !order.cancelAsked);\n  if (old.length > 0) return { do: 'cancel', cloids: old.map((order) => order.intent.cloid), patch: {}, said: [] };\n  const attempt = nextAttempt(sight, 'breakeven');\n",
    trial: { on: 'seeds', count: 10 },
    sample: true,
  },
  {
    name: 'treat unknown as failed',
    file: `${BOT}perform.ts`,
    old: "if (answer.kind === 'unknown') return { state: 'unknown', reason: answer.reason };",
    wrong: "if (answer.kind === 'unknown') return { state: 'rejected', reason: answer.reason };",
    trial: { on: 'unknown', count: 1_500 },
    sample: true,
  },
  {
    name: 'forget the version check',
    file: `${LEDGER}trade-table.ts`,
    old: 'version = version + 1 WHERE trade_id = ? AND version = ?`',
    wrong: 'version = version + 1 WHERE trade_id = ? AND version >= ? - 1000000`',
    trial: { on: 'races', count: 2_000 },
    sample: true,
  },
  {
    name: 'call a trade flat while it holds size',
    file: `${BOT}decide/finish.ts`,
    old: 'if (entry === null || !isDone(entry) || sight.openSz > 0) return null;',
    wrong: 'if (entry === null || !isDone(entry)) return null;',
    trial: { on: 'seeds', count: 10 },
    sample: true,
  },
  {
    name: 'count a fill again that was seen before',
    file: `${LEDGER}open-ledger.ts`,
    old: 'if (!tables.fills.insert(bot, account, fill, owner)) continue;',
    wrong: 'tables.fills.insert(bot, account, fill, owner);',
    also: {
      file: `${LEDGER}fill-table.ts`,
      old: 'known.get(account.toLowerCase(), coin, timeMs, tid) !== undefined',
      wrong: 'known === undefined',
    },
    trial: { on: 'seeds', count: 10 },
  },
  {
    name: 'enter on the wrong side',
    file: `${BOT}entries.ts`,
    old: 'const side = entrySide(direction);',
    wrong: "const side = entrySide(direction === 'long' ? 'short' : 'long');",
    trial: { on: 'seeds', count: 10 },
  },
  {
    name: 'leave on the wrong side',
    file: `${BOT}sight.ts`,
    old: 'closeSide(sight.direction);',
    wrong: "closeSide(sight.direction === 'long' ? 'short' : 'long');",
    trial: { on: 'seeds', count: 10 },
  },
  {
    name: 'place take-profits and breakeven while an exit is on',
    file: `${BOT}decide/protection.ts`,
    old: '(trade.exitClaimedBy === null ? (dueBreakeven(sight) ?? moveToBreakeven(sight) ?? placeLadder(sight)) : null) ??',
    wrong: '(dueBreakeven(sight) ?? moveToBreakeven(sight) ?? placeLadder(sight)) ??',
    trial: { on: 'races', count: 2_000 },
  },
  {
    name: 'send an unanswered entry again under a new id',
    file: `${BOT}signal-loop.ts`,
    old: '    if (isUnresolved(entry)) return await resolveOrders(deps, [entry]);',
    wrong: "    if (isUnresolved(entry)) {\n      change(deps, trade, { phase: 'claimed' }, []);\n      return { kind: 'again' };\n    }",
    trial: { on: 'unknown', count: 1_500 },
  },
  {
    name: 'send an unanswered close again under a new id',
    file: `${BOT}decide/exit.ts`,
    old: '  if (lost.length > 0) return',
    wrong: '  if (lost.length > 9) return',
    trial: { on: 'unknown', count: 1_500 },
  },
  {
    name: 'split the ladder over what was planned, not what filled',
    file: `${BOT}decide/ladder.ts`,
    old: '      filled: sight.openSz,',
    wrong: '      filled: sight.plan.sz,',
    trial: { on: 'seeds', count: 300 },
  },
  {
    name: 'move to breakeven before the first leg has filled',
    file: `${BOT}decide/breakeven.ts`,
    old: '  if (filled < first.sz) return null;',
    wrong: '  if (filled < 0) return null;',
    trial: { on: 'seeds', count: 10 },
    sample: true,
  },
  {
    name: 'take a child that waits for its parent for a stop',
    file: `${BOT}sight.ts`,
    old: "if (isStop(order) && order.state === 'resting' && !order.cancelAsked) sum += remaining(order);",
    wrong: "if (isStop(order) && (order.state === 'resting' || order.state === 'waiting') && !order.cancelAsked) sum += remaining(order);",
    trial: { on: 'seeds', count: 300 },
  },
  {
    name: 'take an unanswered stop for one that stands',
    file: `${BOT}sight.ts`,
    old: "if (isStop(order) && order.state === 'resting' && !order.cancelAsked) sum += remaining(order);",
    wrong: "if (isStop(order) && (order.state === 'resting' || isUnresolved(order)) && !order.cancelAsked) sum += remaining(order);",
    trial: { on: 'unknown', count: 3_000 },
  },
  {
    name: 'believe in the child stop without looking',
    file: `${BOT}decide/stop.ts`,
    old: '  if (sight.openSz === 0 || armedStopSz(sight) >= sight.openSz) return null;',
    wrong: "  if (sight.openSz === 0 || lastOf(sight, 'stop') !== null) return null;",
    trial: { on: 'seeds', count: 40 },
  },
  {
    name: 'swallow a gap of the stream',
    file: `${BOT}fill-loop.ts`,
    old: "        else if (started) reconcileSoon('stream connected');",
    wrong: '',
    trial: { on: 'seeds', count: 300 },
  },
  {
    name: 'no patience with an order the venue does not know yet',
    file: `${BOT}resolve.ts`,
    old: '  if (askedMs <= order.expiresAfterMs + PATIENCE_MS) return false;',
    wrong: '',
    trial: { on: 'unknown', count: 3_000 },
  },
  {
    name: 'forget the highest nonce at a restart',
    file: `${BOT}nonce-source.ts`,
    old: '  cell.raiseTo(ledger.highestNonce(bot));',
    wrong: '',
    trial: { on: 'seeds', count: 200 },
  },
  {
    name: 'cancel what is foreign at a CLOSE_ALL',
    file: `${BOT}controls.ts`,
    old: '        closeAll(row, false);',
    wrong: '        closeAll(row, true);',
    trial: { on: 'seeds', count: 60 },
  },
  {
    name: 'enter on a foreign coin',
    file: `${BOT}wallet.ts`,
    old: '    isForeign: foreign.has,',
    wrong: '    isForeign: () => false,',
    trial: { on: 'seeds', count: 60 },
  },
  {
    name: 'drop the pause',
    file: `${BOT}signal-loop.ts`,
    old: "    if (state.paused || state.tradingState !== 'active') return false;",
    wrong: "    if (state.tradingState !== 'active') return false;",
    trial: { on: 'seeds', count: 60 },
  },
  {
    name: 'call a filled entry flat before its fills are in',
    file: `${BOT}decide/finish.ts`,
    old: '    if (owed || !sight.fillsAreSettled) return lookAtFillsAgain(sight);',
    wrong: '',
    trial: { on: 'seeds', count: 40 },
  },
  {
    name: 'leave rows behind that were claimed while the disk was full',
    file: `${BOT}signal-loop.ts`,
    old: '      if (claimsBroken) takeUpProcessing();',
    wrong: '',
    trial: { on: 'seeds', count: 40 },
  },
  {
    name: 'never ask again for a cancel whose answer was lost',
    file: `${BOT}resolve.ts`,
    old: "    if (order.cancelAsked && after !== null && (after.state === 'resting' || after.state === 'waiting'))\n      return await askCancelAgain(deps, order);",
    wrong: '',
    trial: { on: 'unknown', count: 1_500 },
  },
  {
    name: 'move to breakeven again and again',
    file: `${BOT}decide/breakeven.ts`,
    old: "if (!sight.settings.breakeven || trade.breakeven !== 'none' || sight.openSz === 0) return null;",
    wrong:
      "if (!sight.settings.breakeven || (trade.breakeven !== 'none' && trade.breakeven !== 'done') || sight.openSz === 0) return null;",
    trial: { on: 'seeds', count: 20 },
  },
  {
    name: 'take orders an answer does not speak of for refused',
    file: `${BOT}perform.ts`,
    old: "answer.value[index] ?? { kind: 'unknown', reason: 'the venue answered for fewer orders than were sent' }",
    wrong: "answer.value[index] ?? { kind: 'rejected', reason: 'the venue answered for fewer orders than were sent' }",
    trial: { on: 'unknown', count: 1_500 },
  },
  {
    name: 'end a trade while an order of it is in doubt',
    file: `${BOT}settle.ts`,
    old: '  if (doubtful.length > 0) return await resolveOrders(deps, doubtful);',
    wrong: '',
    also: {
      file: `${BOT}decide/finish.ts`,
      old: '  const left = sight.orders.filter((order) => isLive(order) && order !== entry);',
      wrong: '  const left = sight.orders.filter((order) => isLive(order) && order !== entry && !isUnresolved(order));',
    },
    trial: { on: 'unknown', count: 3_000 },
  },
  {
    name: 'forget the funding',
    file: `${LEDGER}open-ledger.ts`,
    old: 'write(() => storeFunding(tables, { bot, account }, payments))',
    wrong: 'storeFunding(tables, { bot, account }, payments.slice(payments.length))',
    trial: { on: 'seeds', count: 20 },
  },
  {
    name: 'leave resting what rests when the entry has gone',
    file: `${BOT}decide/finish.ts`,
    old: '  if (left.length > 0) {',
    wrong: '  if (left.length > 99) {',
    also: { file: `${BOT}settle.ts`, old: '  if (resting.length > 0) return await sweep(deps, now, resting);', wrong: '' },
    trial: { on: 'seeds', count: 20 },
  },
  {
    name: 'CLOSE_ALL passes over a trade the other worker has just written to',
    file: `${BOT}exits.ts`,
    old: '    now = deps.ledger.trade(trade.tradeId);\n  }\n  throw',
    wrong: '    return;\n  }\n  throw',
    trial: { on: 'races', count: 4_000 },
  },
  {
    name: 'forget at a restart which exits are over',
    file: `${BOT}signal-loop.ts`,
    old: '      for (const exit of ledger.exitsSince(settings.id, clock.now() - settings.maxSignalAgeMs)) noteExit(exit);',
    wrong: '',
    trial: { on: 'races', count: 4_000 },
  },
  {
    name: 'leave a stop where liquidation comes before it',
    file: `${BOT}decide/stop.ts`,
    old: '  if (!isEveryBeyond) return null;',
    wrong: '  if (isEveryBeyond || openSz > 0) return null;',
    trial: { on: 'seeds', count: 600 },
  },
  {
    name: 'nobody stands in for a silent fill monitor',
    file: `${BOT}stand-in.ts`,
    old: 'const isNeeded = (): boolean => silentLooks >= LOOKS;',
    wrong: 'const isNeeded = (): boolean => silentLooks >= LOOKS * 1_000;',
    trial: { on: 'seeds', count: 200 },
  },
  {
    name: 'leave at a start what a power cut has taken from the signals file',
    file: `${BOT}signal-loop.ts`,
    old: '      ledger.projectAgain(settings.id, queue.shownMark(ledger.ledgerId, settings.id));',
    wrong: '',
    // While the fleet runs the next trade that is shown would tell too.
    also: {
      file: `${LEDGER}trade-table.ts`,
      old: 'if (lost !== undefined && showing !== null) projectAgain',
      wrong: 'if (lost !== undefined && showing === null) projectAgain',
    },
    trial: { on: 'seeds', count: 600 },
  },
];
