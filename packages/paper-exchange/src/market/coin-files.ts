import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const FILE = /^(orderbooks|prices|trades)_(.+?)\.csv(\.gz)?$/;

/** The files of one coin, by full path. */
export interface CoinFiles {
  readonly coin: string;
  readonly orderbooks?: string;
  readonly prices?: string;
  readonly trades?: string;
}

/** The files of a directory by coin, in the order of their names. Throws an Error naming the directory, what is wrong and the remedy. */
export function listFiles(from: string): CoinFiles[] {
  if (!existsSync(from))
    throw new Error(`${from} does not exist; name the directory that holds orderbooks_X.csv, prices_X.csv and trades_X.csv`);
  const byCoin = new Map<string, { coin: string; orderbooks?: string; prices?: string; trades?: string }>();
  for (const name of readdirSync(from).sort()) {
    const match = FILE.exec(name);
    const kind = match?.[1] as 'orderbooks' | 'prices' | 'trades' | undefined;
    const coin = match?.[2];
    if (kind === undefined || coin === undefined) continue;
    const files = byCoin.get(coin) ?? { coin };
    if (files[kind] !== undefined) throw new Error(`${from} holds both ${files[kind]} and ${name}; keep one of them`);
    files[kind] = join(from, name);
    byCoin.set(coin, files);
  }
  if (byCoin.size === 0) throw new Error(`${from} holds no orderbooks_X.csv, prices_X.csv or trades_X.csv (also .gz)`);
  for (const files of byCoin.values()) {
    if (files.orderbooks === undefined && files.prices === undefined) {
      throw new Error(`${from}: ${files.coin} has trades only; add orderbooks_${files.coin}.csv or prices_${files.coin}.csv`);
    }
  }
  return [...byCoin.values()];
}
