/** Trades that signals.db tells of and the ledger does not know: it was restored from a backup, or has lost its newest part. */
import { createHash } from 'node:crypto';
import type { LedgerHandle, SignalQueueHandle } from '@hyperfleet/store';
import { deriveTradeId, normalizeSymbol, parseSignal } from '@hyperfleet/trading';

/** A trade the ledger of an earlier run knew, or knew more of. */
export interface LostTrade {
  readonly bot: string;
  readonly coin: string;
  /** Whether the ledger knows it as it was before. */
  readonly isKnown: boolean;
}

interface Books {
  readonly ledger: LedgerHandle;
  readonly queue: SignalQueueHandle;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Every trade of these bots that was shown in its row at a version the ledger has not come to. What is shown was in the ledger before. */
export function findLostTrades({ ledger, queue }: Books, botIds: readonly string[]): readonly LostTrade[] {
  const ours = new Set(botIds);
  return queue.shownClaims().flatMap(({ bot, symbol, signal, version }) => {
    if (!ours.has(bot)) return [];
    const known = ledger.trade(deriveTradeId(digest, { ...signal, bot }));
    return known !== null && known.version >= version ? [] : [{ bot, coin: normalizeSymbol(symbol), isKnown: known !== null }];
  });
}

/**
 * An entry that was claimed last may have been sent, and only what is lost knew of it: it is not sent again. An exit is taken up again
 * as ever, since a second one does nothing.
 */
export function voidEntriesInDoubt({ ledger, queue }: Books, botIds: readonly string[]): void {
  for (const bot of botIds) {
    for (const { rowId, row, databaseId, createdAtText, rowDigest } of queue.processing(bot)) {
      const tradeId = deriveTradeId(digest, { databaseId, rowId, createdAt: createdAtText, rowDigest, bot });
      if (ledger.trade(tradeId) !== null || parseSignal(row).kind !== 'entry') continue;
      queue.release(rowId, 'expired', 'it may have been sent before the ledger lost its newest part, so it is not sent again');
    }
  }
}

const coinsByBot = (lost: readonly LostTrade[]): string =>
  [...new Set(lost.map(({ bot }) => bot))]
    .map((id) => `${id}: ${[...new Set(lost.filter(({ bot }) => bot === id).map(({ coin }) => coin))].join(', ')}`)
    .join('; ');

const count = (trades: readonly unknown[]): string => `${trades.length} ${trades.length === 1 ? 'trade' : 'trades'}`;

/** What is said of it at the start, on one line; null when nothing is lost. */
export function lostSentence(lost: readonly LostTrade[], signalsPath: string): string | null {
  if (lost.length === 0) return null;
  const unknown = lost.filter(({ isKnown }) => !isKnown);
  const older = lost.filter(({ isKnown }) => isKnown);
  const parts = [
    ...(unknown.length > 0 ? [`it does not know ${count(unknown)} (${coinsByBot(unknown)})`] : []),
    ...(older.length > 0 ? [`it knows ${count(older)} only as before (${coinsByBot(older)})`] : []),
  ];
  const follows =
    'what stands of them at the venue keeps its stops and is left alone, and no entry goes there; CLOSE_ALL --foreign closes it';
  return `the ledger is older than ${signalsPath}, or another one: ${parts.join(' and ')}; ${follows}`;
}

/** What stands at the venue on a coin, as the end of a run sees it. */
export interface StandingCoin {
  readonly coin: string;
  readonly what: 'position' | 'order';
}

/** What needs a person: whatever stands at the venue where the ledger has lost a trade and has none at work. */
export function lostTroubles(
  lost: readonly LostTrade[],
  ledger: LedgerHandle,
  stands: { bot: string; on: readonly StandingCoin[] },
): string[] {
  const { bot, on } = stands;
  const coins = new Set(lost.filter((trade) => trade.bot === bot).map(({ coin }) => coin));
  for (const { coin } of ledger.activeTrades(bot)) coins.delete(coin);
  return on
    .filter(({ coin }) => coins.has(coin))
    .map(
      ({ coin, what }) =>
        `${bot}: the ${what} on ${coin} is of a trade the ledger has lost: close it with CLOSE_ALL --foreign, or restore the newest ledger`,
    );
}
