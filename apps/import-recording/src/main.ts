/** `npm run import-recording -- --from DIR --to RECORDING`: makes a market recording from a collector's CSV files. */
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { importCsv } from '@hyperfleet/paper-exchange';

const USAGE = `npm run import-recording -- --from DIR --to RECORDING [--source TEXT]

DIR        holds orderbooks_X.csv, prices_X.csv and trades_X.csv for each coin X, plain or .gz
RECORDING  the file to write, for npm start -- --market RECORDING
--source   where the data is from, kept in the file's header (default: the name of DIR)`;

function readArguments(): { from: string; to: string; source: string } | string {
  try {
    const { values } = parseArgs({
      options: { from: { type: 'string' }, to: { type: 'string' }, source: { type: 'string' }, help: { type: 'boolean' } },
    });
    if (values.help === true) return '';
    if (values.from === undefined) return '--from is missing: name the directory with the CSV files';
    if (values.to === undefined) return '--to is missing: name the recording to write';
    return { from: values.from, to: values.to, source: values.source ?? basename(resolve(values.from)) };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const settings = readArguments();
if (typeof settings === 'string') {
  process.stderr.write(`${settings}${settings === '' ? '' : '\n\n'}${USAGE}\n`);
  process.exit(settings === '' ? 0 : 2);
}

try {
  const summary = await importCsv(settings.from, settings.to, settings.source);
  const { header, skipped, sortedRows, lateRows, booksFromBbo, unknownCoins } = summary;
  const minutes = ((header.endMs - header.marketStartMs) / 60_000).toFixed(1);
  const lines = [
    `${settings.to}: ${(statSync(settings.to).size / 1e6).toFixed(2)} MB, ${minutes} min from ${new Date(header.marketStartMs).toISOString()}`,
    `coins: ${header.instruments.map(({ coin, assetId, szDecimals, maxLeverage }) => `${coin} (asset ${assetId}, szDecimals ${szDecimals}, ${maxLeverage}x)`).join(', ')}`,
    `books ${header.counts.books}, best bid and offer ${header.counts.bbos}, prints ${header.counts.prints}`,
    ...header.gaps.map(
      ({ coin, fromMs, untilMs }) =>
        `gap: ${coin} silent for ${((untilMs - fromMs) / 1_000).toFixed(1)} s from ${new Date(fromMs).toISOString()}`,
    ),
    ...booksFromBbo.map((coin) => `${coin} has no order book file: its books are its best bid and offer, one level a side`),
    ...[...skipped].map(([reason, { count, first }]) => `skipped ${count} row(s): ${reason} (first: ${first})`),
    ...unknownCoins.map(
      (coin) => `${coin} is not in the table of instruments: szDecimals are read from its numbers, its leverage is the least`,
    ),
    ...(sortedRows > 0 ? [`${sortedRows} row(s) were up to 2 s out of order and were sorted by their time of receipt`] : []),
    ...(lateRows > 0 ? [`${lateRows} row(s) were more than 2 s out of order: taken as received with the row above`] : []),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
}
