import type { Instrument } from '@hyperfleet/trading';
import { describe, expect, it } from 'vitest';
import { marketOf } from '../market-source.ts';
import { createVenue } from '../matching/venue.ts';
import { universeOf } from './instruments.ts';
import { createScriptedMarket } from './scripted-market.ts';

const BTC: Instrument = { coin: 'BTC', assetId: 0, szDecimals: 5, maxLeverage: 40, onlyIsolated: false, isDelisted: false };
const script = () => createScriptedMarket([BTC], 1_000_000);

describe('a scripted market', () => {
  it('moves a venue step by step', () => {
    const market = script();
    const venue = createVenue({ instruments: universeOf([BTC]) });
    venue.market(market.price('BTC', '100000', '0.5'));
    market.wait(500);
    venue.market(market.print('BTC', 'buy', '100000.1', { sz: '0.1' }));
    expect(venue.assetMarket(0)).toMatchObject({ lastPrint: 1_000_001, inGap: false });
    expect(venue.assetMarket(0).bids[0]).toEqual({ px: 999_999, sz: 50_000 });
    venue.market(market.gap('BTC', 6_000));
    expect(venue.assetMarket(0).inGap).toBe(true);
    venue.market(market.book('BTC', [['99000', '1']], [['99001', '2']]));
    expect(venue.assetMarket(0)).toMatchObject({ inGap: false, asks: [{ px: 990_010, sz: 200_000 }] });
    expect(venue.nowMs).toBe(1_006_500);
  });

  it('is a market like a recording, with all its steps in order', () => {
    const market = script();
    market.bbo('BTC', ['10', '1'], null);
    market.wait(1);
    market.mark('BTC', '10.0005', 125_000);
    market.print('BTC', 'sell', '10', { sz: '1', tid: 77 });
    market.print('BTC', 'sell', '10', { sz: '1' });
    const source = marketOf(market);
    expect(source).toMatchObject({ startMs: 1_000_000, endMs: 1_000_001 });
    const events = [...source.events];
    expect(events.map(({ kind, atMs }) => `${kind} ${atMs - 1_000_000}`)).toEqual(['bbo 0', 'mark 1', 'prints 1', 'prints 1']);
    expect(events[1]).toMatchObject({ mark: 100_005, fundingRateE10: 125_000 });
    expect(events.slice(2).flatMap((event) => (event.kind === 'prints' ? event.prints.map((print) => print.tid) : []))).toEqual([77, 78]);
  });

  it('refuses what the venue could not have sent', () => {
    const market = script();
    expect(() => market.price('BTC', '100000.01', '1')).toThrow(/price "100000.01" of BTC is no whole number of ticks/);
    expect(() => market.book('BTC', [['1', '0']], [])).toThrow(/size "0" of BTC is no whole number of lots/);
    expect(() => market.price('DOGE', '1', '1')).toThrow(/no coin DOGE; it has BTC/);
    expect(() => market.mark('BTC', '1.00001')).toThrow(/finer than a thousandth of a tick/);
    expect(() => market.wait(-1)).toThrow(/forward/);
  });
});
