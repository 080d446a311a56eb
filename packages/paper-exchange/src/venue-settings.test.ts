import { describe, expect, test } from 'vitest';
import { createVenue, defaultVenueSettings } from './matching/venue.ts';
import { parseVenueSettings } from './venue-settings.ts';

describe('settings on a command line', () => {
  test('are read by name, each in its own form', () => {
    const read = parseVenueSettings([
      'priceBand=0.8',
      'takerFeePpm=-10',
      'modifyError=status',
      'scheduleCancelVolume=false',
      'referralCodes=A+B',
      'openInterestCapsUsd=BTC:5000+kPEPE:1',
    ]);
    expect(read).toEqual({
      priceBand: 0.8,
      takerFeePpm: -10,
      modifyError: 'status',
      scheduleCancelVolume: false,
      referralCodes: ['A', 'B'],
      openInterestCapsUsd: { BTC: 5000, kPEPE: 1 },
    });
    expect(createVenue({ instruments: [], settings: read }).settings).toEqual({ ...defaultVenueSettings, ...read });
  });

  test.each([
    ['priceBand', 'give name=value with one of'],
    ['prizeBand=0.8', 'give name=value with one of'],
    ['priceBand=0.7', 'setting priceBand=0.7: give 0.95 or 0.8'],
    ['takerFeePpm=1.5', 'give a whole number from'],
    ['takerFeePpm=', 'give a whole number from'],
    ['modifyError=loud', 'setting modifyError=loud: give text or status'],
    ['scheduleCancelVolume=1', 'give true or false'],
    ['openInterestCapsUsd=BTC', 'give dollars by coin joined by +'],
    ['openInterestCapsUsd=BTC:1+ETH', 'give dollars by coin joined by +'],
    ['toString=1', 'give name=value with one of'],
  ])('%s is refused with what would fit', (text, remedy) => {
    expect(() => parseVenueSettings([text])).toThrow(remedy);
  });

  test('have a form for every default of one value', () => {
    const written = Object.entries(defaultVenueSettings).flatMap(([name, value]) =>
      typeof value === 'object' && !(Array.isArray(value) && value.length === 0) ? [] : [`${name}=${String(value)}`],
    );
    const kept = written.filter((text) => !text.startsWith('maxFillsKept') && !text.startsWith('maxOrdersKept'));
    expect(parseVenueSettings(kept)).toEqual(
      Object.fromEntries(Object.entries(defaultVenueSettings).filter(([name]) => kept.some((text) => text.startsWith(`${name}=`)))),
    );
  });
});
