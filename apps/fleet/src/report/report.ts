import type { NakedInterval, VenueAccount, VenueAudit } from '@hyperfleet/paper-exchange';
import type { LedgerHandle } from '@hyperfleet/store';
import { type Booking, type Instruments, normalizeSymbol, type SignalRow, type Trade } from '@hyperfleet/trading';
import { outcomeOf } from './outcome.ts';
import { type TimelineEntry, timelineOf } from './timeline.ts';

/** One row of `signals` and what became of it. Money in dollars, times in ms after the market's start. */
export interface SignalReport {
  readonly id: number;
  readonly bot: string | null;
  readonly coin: string;
  readonly direction: string | null;
  readonly type: string | null;
  readonly status: string | null;
  readonly reason: string | null;
  readonly entryPx: number | null;
  readonly entrySz: number | null;
  readonly exitPx: number | null;
  readonly closedPnlUsd: number;
  readonly feesUsd: number;
  /** Above zero was received. */
  readonly fundingUsd: number;
  readonly netPnlUsd: number;
  readonly breakevenAtMs: number | null;
  readonly nakedMs: number;
  readonly open: boolean;
  readonly timeline: readonly TimelineEntry[];
}

interface BotReportLine {
  readonly id: string;
  readonly state: string;
  readonly equityStartUsd: number | null;
  readonly equityEndUsd: number | null;
  /** Paid in less taken out since the start; with the net results it is the change of equity. */
  readonly transfersUsd: number;
  /** Differences an operator took as they were. */
  readonly acknowledgedUsd: number;
  readonly restarts: number;
}

/** The file `--report` writes. */
export interface RunReport {
  readonly speed: number;
  readonly signals: readonly SignalReport[];
  readonly bots: readonly BotReportLine[];
  readonly venue: {
    readonly accepted: number;
    readonly rejected: number;
    readonly fills: number;
    readonly duplicateCloids: number;
    readonly nakedMsMax: number;
    readonly nakedWallMsMax: number;
    readonly conservationErrorUsd: number;
  };
}

/** A bot at the end of a run, with its account as the venue states it. */
export interface EndedBot {
  readonly id: string;
  readonly address: string;
  readonly state: string;
  readonly restarts: number;
  readonly account: VenueAccount;
}

export interface ReportSources {
  readonly ledger: LedgerHandle;
  /** Every row of `signals` in id order. */
  readonly rows: readonly SignalRow[];
  readonly bots: readonly EndedBot[];
  readonly audit: VenueAudit;
  readonly instruments: Instruments;
  readonly marketStartMs: number;
  readonly nowMs: number;
  readonly speed: number;
}

const usd = (micro: number): number => micro / 1e6;

/** The run as it stands now, from the ledger, the signals database and the venue's own records. */
export function buildReport(sources: ReportSources): RunReport {
  const { audit, speed, bots, ledger } = sources;
  const { lines, left } = matchTrades(sources.rows, ledger.allTrades());
  // What a row that is gone earned or lost is in the account all the same, and the sums must say so.
  const lost = left.filter(({ tradeId }) => ledger.fillSums(tradeId).entrySz > 0);
  const signals = [
    ...lines.map(({ row, trade }) => signalReport(row, trade, sources)),
    ...lost.map((trade) => lostReport(trade, sources)),
  ].sort((a, b) => a.id - b.id);
  return {
    speed,
    signals,
    bots: bots.map(({ id, state, restarts, account }) => {
      const start = ledger.botState(id).equityStart;
      const booked = (kind: Booking['kind']): number =>
        usd(ledger.bookingsOf(id).reduce((sum, booking) => sum + (booking.kind === kind ? booking.usd : 0), 0));
      return {
        id,
        state,
        equityStartUsd: start === null ? null : usd(start),
        equityEndUsd: usd(account.accountValue),
        transfersUsd: booked('transfer'),
        acknowledgedUsd: booked('acknowledged'),
        restarts,
      };
    }),
    venue: {
      accepted: audit.accepted,
      rejected: audit.rejected,
      fills: audit.fills,
      duplicateCloids: audit.duplicateCloids,
      nakedMsMax: audit.nakedMsMax,
      nakedWallMsMax: audit.nakedMsMax / speed,
      conservationErrorUsd: usd(audit.conservationErrorUsd),
    },
  };
}

const key = (rowId: unknown, createdAt: unknown): string => JSON.stringify([Number(rowId), String(createdAt ?? '')]);

/**
 * Each row with the trade that came of it, and the trades that no row stands for any more: writers delete rows, write others
 * over them, and reset the counter, so that an id comes back. A row's time counts too; of several trades the newest is meant.
 */
export function matchTrades(
  rows: readonly SignalRow[],
  trades: readonly Trade[],
): {
  readonly lines: readonly { readonly row: SignalRow; readonly trade: Trade | null }[];
  readonly left: readonly Trade[];
} {
  const newest = new Map<string, Trade>();
  for (const trade of trades) {
    const at = key(trade.signal.rowId, trade.signal.createdAt);
    const known = newest.get(at);
    if (known === undefined || trade.claimedAtMs >= known.claimedAtMs) newest.set(at, trade);
  }
  const lines = rows.map((row) => ({ row, trade: newest.get(key(row.id, row.created_at)) ?? null }));
  const shown = new Set(lines.map(({ trade }) => trade?.tradeId));
  return { lines, left: trades.filter(({ tradeId }) => !shown.has(tradeId)) };
}

const text = (value: unknown): string | null => (value === null || value === undefined ? null : String(value));

function signalReport(row: SignalRow, trade: Trade | null, sources: ReportSources): SignalReport {
  const base = {
    id: Number(row.id),
    bot: text(row.bot_name),
    coin: trade?.coin ?? normalizeSymbol(String(row.symbol ?? '')),
    direction: trade?.direction ?? text(row.direction),
    type: text(row.signal_type),
    status: text(row.status),
    reason: trade?.reason ?? null,
  };
  return trade === null ? { ...base, ...NOTHING } : { ...base, ...tradeReport(trade, sources) };
}

/** A trade whose row its writer deleted or wrote over. */
function lostReport(trade: Trade, sources: ReportSources): SignalReport {
  return {
    id: trade.signal.rowId,
    bot: trade.bot,
    coin: trade.coin,
    direction: trade.direction,
    type: trade.kind,
    status: trade.status,
    reason: [trade.reason, 'its row in signals is gone or another one now'].filter((part) => part !== null).join('; '),
    ...tradeReport(trade, sources),
  };
}

const NOTHING = {
  entryPx: null,
  entrySz: null,
  exitPx: null,
  closedPnlUsd: 0,
  feesUsd: 0,
  fundingUsd: 0,
  netPnlUsd: 0,
  breakevenAtMs: null,
  nakedMs: 0,
  open: false,
  timeline: [],
} as const;

function tradeReport(
  trade: Trade,
  sources: ReportSources,
): Omit<SignalReport, 'id' | 'bot' | 'coin' | 'direction' | 'type' | 'status' | 'reason'> {
  const { ledger, instruments, marketStartMs } = sources;
  const instrument = instruments.get(trade.coin) ?? null;
  const fills = ledger.fillSums(trade.tradeId);
  const timeline = timelineOf(ledger.timeline(trade.tradeId), ledger.fills(trade.tradeId), { instrument, marketStartMs });
  if (fills.entrySz === 0 || instrument === null) return { ...NOTHING, timeline };
  const bot = sources.bots.find(({ id }) => id === trade.bot);
  const held = bot?.account.positions.find(({ coin }) => coin === trade.coin) ?? null;
  const outcome = outcomeOf(trade, fills, held, instrument);
  const fromMs = fills.firstFillMs ?? trade.claimedAtMs;
  return {
    entryPx: outcome.entryPx,
    entrySz: outcome.entrySz / 10 ** instrument.szDecimals,
    exitPx: outcome.exitPx,
    closedPnlUsd: usd(outcome.closedPnl),
    feesUsd: usd(outcome.fees),
    fundingUsd: usd(outcome.funding),
    netPnlUsd: usd(outcome.netPnl),
    breakevenAtMs: trade.breakevenAtMs === null ? null : trade.breakevenAtMs - marketStartMs,
    nakedMs: nakedWithin(sources.audit.naked, {
      user: bot?.address ?? '',
      coin: trade.coin,
      fromMs,
      toMs: trade.settledAtMs ?? sources.nowMs,
      nowMs: sources.nowMs,
    }),
    open: outcome.open,
    timeline,
  };
}

/** Market time without full protection inside a span, ms: the venue's intervals of that account and coin, cut to it. */
export function nakedWithin(
  intervals: readonly NakedInterval[],
  span: { readonly user: string; readonly coin: string; readonly fromMs: number; readonly toMs: number; readonly nowMs: number },
): number {
  return intervals
    .filter(({ user, coin }) => user.toLowerCase() === span.user.toLowerCase() && coin === span.coin)
    .reduce((sum, { fromMs, toMs }) => sum + Math.max(0, Math.min(toMs ?? span.nowMs, span.toMs) - Math.max(fromMs, span.fromMs)), 0);
}
