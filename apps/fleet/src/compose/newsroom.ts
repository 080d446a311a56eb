import type { BotReport, Condition } from '@hyperfleet/bot';
import type { LedgerHandle } from '@hyperfleet/store';
import { type Clock, findingText, type Instruments, type Market, type MicroUsd, type PositionView } from '@hyperfleet/trading';
import { assertNever } from '../assert-never.ts';
import { alarmOf, reliefOf } from '../board/alarm.ts';
import type { Board } from '../board/screen.ts';
import { type Sentence, sentenceOf } from '../board/sentence.ts';
import type { BotView, FleetView, Happening } from '../board/view.ts';
import { outcomeOf } from '../report/outcome.ts';
import { createFileTroubles, type FileTroubles } from './file-troubles.ts';
import { createFillMerger } from './fill-merger.ts';
import { holdingsOf } from './holdings.ts';

/** What the newsroom keeps of a bot. */
interface BotNews {
  state: string;
  reason: string | null;
  equity: MicroUsd | null;
  positions: readonly PositionView[];
  last: Happening | null;
  /** How its guard stands; null before it first said so. */
  condition: Condition | null;
  restarting: boolean;
  halted: boolean;
}

export interface NewsroomSources {
  readonly botIds: readonly string[];
  readonly ledger: LedgerHandle;
  readonly clock: Clock;
  readonly market: Market;
  readonly instruments: Instruments;
  readonly board: Board;
  readonly files: { readonly ledger: string; readonly signals: string };
  readonly startMs: number;
  readonly endMs: number;
  readonly speed: number;
}

/** Gathers what the workers tell, and has it ready for the board, the status file and the report. */
export interface Newsroom {
  hear(bot: string, report: BotReport): void;
  /** Something about the fleet or one bot that no bot tells itself. */
  tell(who: string, text: string, mood?: Sentence['mood']): void;
  restarting(bot: string): void;
  restored(bot: string): void;
  halted(bot: string): void;
  /** Files that cannot be used. */
  readonly troubles: FileTroubles;
  /** Why the fleet is stopping. */
  ending(reason: string): void;
  stateOf(bot: string): { readonly state: string; readonly reason: string | null };
  view(): FleetView;
}

const HAPPENINGS_KEPT = 50;
const GUARD_SILENT = 'fill monitor silent';

/** Opens the newsroom. Equities start as the ledger has them. */
export function openNewsroom(sources: NewsroomSources): Newsroom {
  const { botIds, ledger, clock, market, instruments, board } = sources;
  const bots = new Map(
    botIds.map((id): [string, BotNews] => [
      id,
      { state: 'starting', reason: null, equity: null, positions: [], last: null, condition: null, restarting: false, halted: false },
    ]),
  );
  let happenings: readonly Happening[] = [];
  let ending: string | null = null;

  function publish(who: string, what: Sentence, atMs = clock.now()): void {
    const happening = { atMs, who, what };
    happenings = [...happenings, happening].slice(-HAPPENINGS_KEPT);
    const bot = bots.get(who);
    if (bot !== undefined) bot.last = happening;
    board.happened(happening);
  }

  const tell = (who: string, text: string, mood: Sentence['mood'] = 'plain'): void => publish(who, { text, mood });
  const troubles = createFileTroubles(sources.files, (text, mood) => tell('fleet', text, mood));
  /** Bots whose guard's silence was not told: it waits for the ledger, and so would who stands in for it. */
  const silent = new Set<string>();

  /** Whether an alert is the consequence of what is told already. */
  function isTold(id: string, phrase: string): boolean {
    // The venue stands still while the fleet ends: it is no clock to measure ours by.
    if (phrase === 'clock is off') return ending !== null;
    if (phrase !== GUARD_SILENT || !troubles.isLedgerMet()) return false;
    silent.add(id);
    return true;
  }

  function tradeNews(id: string, news: Extract<BotReport, { kind: 'trade' }>): void {
    const instrument = instruments.get(news.coin) ?? null;
    const sentence = sentenceOf(news, { instrument, netPnl: news.what === 'settled' ? netOf(news.tradeId) : null });
    if (sentence !== null) publish(id, sentence, news.atMs);
  }
  const fills = createFillMerger(tradeNews);

  function netOf(tradeId: string): MicroUsd | null {
    const trade = ledger.trade(tradeId);
    const fills = ledger.fillSums(tradeId);
    return trade === null || fills.entrySz === 0 ? null : outcomeOf(trade, fills, null, instruments.get(trade.coin) ?? null).netPnl;
  }

  const stateOf = (bot: BotNews): string => {
    if (bot.halted) return 'halted';
    return bot.restarting ? 'restarting' : bot.state;
  };

  return {
    hear(id, report) {
      const bot = bots.get(id);
      if (bot === undefined) return;
      switch (report.kind) {
        case 'trade':
          fills.take(id, report);
          return;
        case 'state': {
          // Halts are told by the watch.
          const isNews = report.state !== bot.state && (report.state === 'paused' || bot.state === 'paused');
          bot.state = report.state;
          bot.reason = report.reason;
          if (isNews) publish(id, { text: `${report.state}${report.reason === null ? '' : `: ${report.reason}`}`, mood: 'attention' });
          return;
        }
        case 'account':
          bot.equity = report.equity;
          bot.positions = report.positions;
          return;
        case 'alert':
          if (!isTold(id, report.phrase)) publish(id, alarmOf(report, { bot: id, instruments }));
          return;
        case 'over':
          if (report.phrase !== GUARD_SILENT || !silent.delete(id)) publish(id, reliefOf(report));
          return;
        case 'file':
          if (report.isUsable) troubles.over(id, report.reason);
          else troubles.met(id, report.reason);
          return;
        case 'condition':
          bot.condition = report.condition;
          return;
        case 'idle':
          return;
        default:
          assertNever(report);
      }
    },
    tell,
    troubles,
    restarting(id) {
      const bot = bots.get(id);
      troubles.left(id);
      if (bot !== undefined) bot.restarting = true;
    },
    restored(id) {
      const bot = bots.get(id);
      if (bot !== undefined) bot.restarting = false;
    },
    halted(id) {
      const bot = bots.get(id);
      troubles.left(id);
      if (bot !== undefined) bot.halted = true;
    },
    ending(reason) {
      fills.flush();
      ending = reason;
    },
    stateOf(id) {
      const bot = bots.get(id);
      return bot === undefined ? { state: 'unknown', reason: null } : { state: stateOf(bot), reason: bot.reason };
    },
    view() {
      return {
        mode: 'paper',
        nowMs: Math.min(clock.now(), sources.endMs),
        startMs: sources.startMs,
        endMs: sources.endMs,
        speed: sources.speed,
        bots: [...bots].map(
          ([id, bot]): BotView => ({
            id,
            state: stateOf(bot),
            condition: bot.condition,
            equity: bot.equity,
            equityStart: ledger.botState(id).equityStart,
            differences: ledger
              .differences(id)
              .map((difference) => findingText(difference, instruments.get(difference.coin ?? '')?.szDecimals ?? null)),
            holdings: holdingsOf(id, bot.positions, { ledger, instruments, market }),
            last: bot.last,
          }),
        ),
        marks: [...instruments.values()].map((instrument) => ({ instrument, mark: market.view(instrument.coin)?.mark ?? null })),
        happenings,
        ending,
      };
    },
  };
}
