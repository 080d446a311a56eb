import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Instrument } from './instrument.ts';
import { normalizeSymbol, resolveCoin } from './symbol.ts';

const listed = (coin: string): Instrument => ({ coin, assetId: 0, szDecimals: 2, maxLeverage: 10, onlyIsolated: false, isDelisted: false });
const instruments = new Map(
  ['BTC', 'ETH', 'kPEPE', 'kBONK', 'KAS', 'PERP', 'SUPER', 'AR', 'ARB', 'PUMP', 'W'].map((coin) => [coin, listed(coin)]),
);
const resolve = (text: string): string | null => resolveCoin(text, instruments)?.coin ?? null;

describe('symbols as other programs write them', () => {
  test.each([
    ['BTC', 'BTC'],
    ['btc', 'BTC'],
    ['BTCUSDT', 'BTC'],
    ['btc/usdt', 'BTC'],
    ['BTC-PERP', 'BTC'],
    ['BTCPERP', 'BTC'],
    ['BTC_USDC', 'BTC'],
    ['BTCUSD', 'BTC'],
    ['BTC USDT', 'BTC'],
    ['BTC/USDT:USDT', 'BTC'],
    ['BTC-USD-PERP', 'BTC'],
    ['BTCUSDT.P', 'BTC'],
    ['BTCUSDTPERP', 'BTC'],
    [' #BTCUSDT ', 'BTC'],
    ['$eth', 'ETH'],
    [' kPEPEUSDT ', 'kPEPE'],
    ['kPEPE', 'kPEPE'],
    ['KPEPE/USDT', 'kPEPE'],
    ['kpepe-perp', 'kPEPE'],
    ['kas', 'KAS'],
    ['PERP', 'PERP'],
    ['PERPUSDT', 'PERP'],
    ['PUMP', 'PUMP'],
    ['W', 'W'],
  ])('%s means %s', (text, coin) => expect(resolve(text)).toBe(coin));

  test('a thousand of a coin is never the coin, nor the coin a thousand', () => {
    for (const text of ['PEPE', 'PEPEUSDT', '1000PEPE', '1000PEPEUSDT', 'BONK', '1000BONK-PERP']) expect(resolve(text)).toBeNull();
  });

  test('pairs in another currency, names of another venue and nonsense mean nothing', () => {
    for (const text of ['', '  ', 'USDT', '/', 'BTC/ETH', 'AR/BUSD', 'BTC/EUR', 'xyz:BTC', 'BTC ETH', 'BITCOIN', 'constructor']) {
      expect(resolve(text), text).toBeNull();
    }
  });

  test('normalizing keeps the small k and is done after one time', () => {
    expect(normalizeSymbol('kPEPEUSDT')).toBe('kPEPE');
    expect(normalizeSymbol('btc/usdt')).toBe('BTC');
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(normalizeSymbol(normalizeSymbol(text))).toBe(normalizeSymbol(text));
      }),
    );
  });

  test('of two coins that differ in letter case alone the one spelled so is meant, and none where it is open', () => {
    const twins = new Map([listed('kX'), listed('KX')].map((each) => [each.coin, each]));
    expect(resolveCoin('kX', twins)?.coin).toBe('kX');
    expect(resolveCoin('KXUSDT', twins)?.coin).toBe('KX');
    expect(resolveCoin('kx', new Map([listed('Kx'), listed('kX')].map((each) => [each.coin, each])))).toBeNull();
  });
});
