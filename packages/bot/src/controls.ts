/** Obeys `bot_controls`: each row once, in order. */
import { type ControlRow, parseCreatedAt, type SignalQueue } from '@hyperfleet/trading';
import { claimForExit } from './exits.ts';
import type { ForeignCloser } from './foreign-close.ts';
import type { LoopDeps } from './settings.ts';
import { tellStanding } from './tell.ts';

/** A control older than this when the bot starts was meant for another moment. */
const STALE_MS = 5 * 60_000;
const STALE_OUTCOME = 'stale, not applied';
/** Of a command that is none so much is repeated. */
const SHOWN_CHARS = 40;

export interface Controls {
  /** Applies what has come since the last call. `onChange` is told when the pause state moved. */
  apply(): void;
  /** At start: rows older than five minutes are void, but for the last word on pausing, and what a CLOSE_ALL had taken. */
  applyStale(): void;
  /** Notes the outcome of a CLOSE_ALL whose trades are all over, and with `--foreign` what is not ours too. */
  finishClosing(): void;
  /** Keys of the CLOSE_ALL rows that are not carried out yet. */
  closing(): readonly string[];
}

/** Under this key stands which trades a CLOSE_ALL took, so that after a restart it takes no others and pauses nobody again. */
const begunKey = (row: ControlRow): string => `${row.key}:begun`;

const CLOSE_FOREIGN = 'CLOSE_ALL --FOREIGN';
const commandOf = (row: ControlRow): string => row.command.trim().toUpperCase().replace(/\s+/g, ' ');
const shown = (command: string): string => (command.length > SHOWN_CHARS ? `${command.slice(0, SHOWN_CHARS)}…` : command);

interface Closing {
  readonly row: ControlRow;
  readonly tradeIds: readonly string[];
  /** Whether what is not ours is meant too. Of one that is stale, what was done before is told, and no more is done. */
  readonly foreign: 'not meant' | 'meant' | 'stale';
}

/** Makes the hands of `bot_controls` for one bot. `controlBots` are all configured ids: an ALL row is done when each has obeyed. */
export function createControls(args: {
  readonly deps: LoopDeps;
  readonly queue: SignalQueue;
  readonly controlBots: readonly string[];
  readonly wallToMarket: (wallMs: number) => number;
  readonly kick: (tradeId: string) => void;
  readonly foreign: ForeignCloser;
  /** Takes the differences that stand as they are; returns what came of it. */
  readonly acknowledge: (key: string) => string;
}): Controls {
  const { deps, queue, controlBots, kick, foreign } = args;
  const { ledger, settings } = deps;
  const closing: Closing[] = [];

  const todo = (): ControlRow[] =>
    queue.controls(settings.id).filter((row) => {
      if (closing.some((item) => item.row.key === row.key)) return false;
      if (!ledger.controlOutcomes(row.key).has(settings.id)) return true;
      done(row);
      return false;
    });

  const done = (row: ControlRow): void => {
    const outcomes = ledger.controlOutcomes(row.key);
    const everyone = row.target.trim().toUpperCase() === 'ALL' ? controlBots : [settings.id];
    if (everyone.every((bot) => outcomes.has(bot))) queue.markControlExecuted(row.id);
  };

  const settleRow = (row: ControlRow, outcome: string): void => {
    ledger.recordControl(settings.id, row.key, outcome, deps.clock.now());
    ledger.record({ bot: settings.id, tradeId: null, atMs: deps.clock.now(), event: 'control', detail: { command: row.command, outcome } });
    deps.log.info('control applied', { command: row.command, outcome });
    done(row);
  };

  /** Nothing is done for it. The row is marked like the others and has no room for a word, so the bot tells it. */
  const settleUndone = (row: ControlRow, outcome: string): void => {
    settleRow(row, outcome);
    deps.report({ kind: 'alert', phrase: 'command not obeyed', detail: { command: shown(row.command), reason: outcome } });
  };

  const pause = (paused: boolean, why: string): string => {
    const { paused: before, tradingState, reason } = ledger.botState(settings.id);
    const isActive = tradingState === 'active';
    // The reason of a halt stays: whoever may take it back knows it by that.
    ledger.setBotState(settings.id, isActive ? { paused, reason: paused ? why : null } : { paused });
    tellStanding(deps);
    const word = paused ? 'paused' : 'active';
    if (isActive) return before === paused ? `already ${word}` : word;
    const halt = `${tradingState}: ${reason ?? 'for no reason told'}`;
    return paused ? `paused; ${halt}` : `${halt}; not paused, but no entry goes before that is put right and the fleet started again`;
  };

  const takeTrades = (row: ControlRow): readonly string[] => {
    pause(true, 'CLOSE_ALL');
    const trades = ledger.activeTrades(settings.id).filter((trade) => trade.kind === 'entry');
    for (const trade of trades) {
      claimForExit(deps, trade, 'CLOSE_ALL');
      kick(trade.tradeId);
    }
    const tradeIds = trades.map((trade) => trade.tradeId);
    ledger.recordControl(settings.id, begunKey(row), tradeIds.join(' '), deps.clock.now());
    return tradeIds;
  };

  /** The trades a CLOSE_ALL took before a restart: they stand claimed, and what came after it has had its say since. Null when it took none yet. */
  const takenTrades = (row: ControlRow): readonly string[] | null => {
    const begun = ledger.controlOutcomes(begunKey(row)).get(settings.id);
    return begun === undefined ? null : begun.split(' ').filter((id) => id !== '');
  };

  const closeAll = (row: ControlRow, isForeignToo: boolean): void => {
    closing.push({ row, tradeIds: takenTrades(row) ?? takeTrades(row), foreign: isForeignToo ? 'meant' : 'not meant' });
    if (isForeignToo) foreign.close(row.key);
  };

  const applyRow = (row: ControlRow): void => {
    switch (commandOf(row)) {
      case 'PAUSE':
        settleRow(row, pause(true, 'PAUSE'));
        break;
      case 'RESUME':
        settleRow(row, pause(false, 'RESUME'));
        break;
      case 'CLOSE_ALL':
        closeAll(row, false);
        break;
      case CLOSE_FOREIGN:
        closeAll(row, true);
        break;
      case 'ACKNOWLEDGE':
        settleRow(row, args.acknowledge(row.key));
        break;
      default:
        settleUndone(row, `unknown command "${shown(row.command)}"; known are PAUSE, RESUME, CLOSE_ALL, ACKNOWLEDGE`);
    }
  };

  const foreignOutcome = (item: Closing): string => {
    if (item.foreign === 'not meant') return '';
    const rest = item.foreign === 'stale' ? '; what is left of those is stale and left alone' : '';
    return `, ${foreign.outcome(item.row.key)}${rest}`;
  };

  const finishClosing = (): void => {
    for (const item of [...closing]) {
      const trades = item.tradeIds.map((tradeId) => ledger.trade(tradeId));
      if (trades.some((trade) => trade !== null && trade.phase !== 'settled' && trade.phase !== 'refused')) continue;
      if (item.foreign === 'meant' && !foreign.isOver(item.row.key)) continue;
      closing.splice(closing.indexOf(item), 1);
      const closed = trades.filter((trade) => trade?.status === 'closed').length;
      const ours = `closed ${closed} position(s), cancelled ${trades.length - closed} entry order(s)`;
      settleRow(item.row, `${ours}${foreignOutcome(item)}, paused`);
    }
  };

  return {
    apply() {
      for (const row of todo()) applyRow(row);
      finishClosing();
    },
    applyStale() {
      const nowMs = deps.clock.now();
      const stale = todo().filter((row) => {
        const created = parseCreatedAt(row.createdAtText);
        return created !== null && nowMs - args.wallToMarket(created.ms) > STALE_MS;
      });
      const words = stale.filter((row) => /^(PAUSE|RESUME)$/.test(commandOf(row)));
      const lastWord = words.at(-1);
      for (const row of stale) {
        const tradeIds = takenTrades(row);
        if (row === lastWord) applyRow(row);
        else if (words.includes(row)) settleRow(row, STALE_OUTCOME);
        else if (tradeIds === null) settleUndone(row, STALE_OUTCOME);
        // Its trades are on their way out; on the wallet its owner may have begun anew meanwhile.
        else closing.push({ row, tradeIds, foreign: commandOf(row) === CLOSE_FOREIGN ? 'stale' : 'not meant' });
      }
    },
    finishClosing,
    closing: () => closing.map(({ row }) => row.key),
  };
}
