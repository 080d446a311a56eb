/** Which trades are shown again, by the marks they were shown at. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tempDir } from '../testing/temp-dir.ts';
import { BOT, sampleTrade, shownAs } from '../testing/trade-samples.ts';
import { type LedgerHandle, openLedger } from './open-ledger.ts';

describe('what a signals file has lost', () => {
  /** Inserts trades t1, t2 … of a file, shown at marks 1, 2 … in it. */
  function insertShown(ledger: LedgerHandle, count: number, { prefix = 't', bot = BOT, databaseId = 'db' } = {}): void {
    for (let number = 1; number <= count; number += 1) {
      const tradeId = `${prefix}${number}`;
      const signal = { ...sampleTrade().signal, databaseId, rowId: number };
      ledger.insertTrade(sampleTrade({ tradeId, bot, signal, claimedAtMs: number }), {});
      ledger.markProjected([shownAs(number, { tradeId })]);
    }
  }
  function withShown(count: number): LedgerHandle {
    const ledger = openLedger(join(tempDir(), 'ledger.db'));
    onTestFinished(() => ledger.close());
    insertShown(ledger, count);
    return ledger;
  }
  const behind = (ledger: LedgerHandle, bot = BOT): string[] => ledger.unprojected(bot, 10).map(({ trade }) => trade.tradeId);

  it('is shown again at a start, and nothing else', () => {
    const ledger = withShown(4);
    ledger.projectAgain(BOT, { databaseId: 'db', mark: 4 });
    expect(behind(ledger)).toEqual([]);
    ledger.projectAgain(BOT, { databaseId: 'db', mark: 2 });
    expect(behind(ledger)).toEqual(['t3', 't4']);
    ledger.markProjected([shownAs(3, { tradeId: 't3' }), shownAs(4, { tradeId: 't4' })]);
    expect(behind(ledger)).toEqual([]);
  });

  it('is found when a trade is shown at a lower mark than is known, whether that was written or stood there', () => {
    const ledger = withShown(4);
    ledger.insertTrade(sampleTrade({ tradeId: 'new', signal: { ...sampleTrade().signal, rowId: 9 } }), {});
    ledger.markProjected([{ tradeId: 'new', version: 0, showing: { before: 3, mark: 4 } }]);
    expect(behind(ledger)).toEqual(['t4']);
    ledger.markProjected([shownAs(5, { tradeId: 't4' })]);
    ledger.markProjected([{ tradeId: 't1', version: 0, showing: { before: 4, mark: 4 } }]);
    expect(behind(ledger)).toEqual(['t4']);
  });

  it('is found within one telling too, also of a trade that was told before', () => {
    const ledger = withShown(2);
    ledger.changeTrade('t1', 0, {});
    ledger.changeTrade('t2', 0, {});
    const [first, second] = [shownAs(3, { version: 1 }), { tradeId: 't2', version: 1, showing: { before: 0, mark: 1 } }];
    ledger.markProjected([first, second]);
    expect(behind(ledger)).toEqual(['t1']);
  });

  it('is not what another bot or another file has', () => {
    const ledger = withShown(2);
    insertShown(ledger, 3, { prefix: 'v', bot: 'Vulcan' });
    insertShown(ledger, 3, { prefix: 'o', databaseId: 'other' });
    ledger.projectAgain(BOT, { databaseId: 'db', mark: 1 });
    expect(behind(ledger)).toEqual(['t2']);
    expect(behind(ledger, 'Vulcan')).toEqual([]);
    ledger.projectAgain(BOT, { databaseId: 'other', mark: 0 });
    expect(behind(ledger)).toEqual(['o1', 't2', 'o2', 'o3']);
  });

  it('is what changed while another file was in its place, too: the next start shows it, and nothing before', () => {
    const ledger = withShown(2);
    ledger.changeTrade('t1', 0, {});
    ledger.markProjected([{ tradeId: 't1', version: 1, showing: null }]);
    ledger.changeTrade('t2', 0, {});
    ledger.markProjected([shownAs(3, { tradeId: 't2', version: 1 })]);
    expect(behind(ledger)).toEqual([]);
    ledger.projectAgain(BOT, { databaseId: 'db', mark: 3 });
    expect(behind(ledger)).toEqual(['t1']);
  });
});
