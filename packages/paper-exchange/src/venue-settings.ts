import type { VenueSettings } from './matching/contract.ts';

/** How a setting is written on a command line: a whole number within bounds, one of some words, or a list of words. */
type Form =
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'fraction'; readonly values: readonly number[] }
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'switch' }
  | { readonly kind: 'list' }
  | { readonly kind: 'by-coin' };

const number = (min: number, max: number): Form => ({ kind: 'number', min, max });
const word = (...words: string[]): Form => ({ kind: 'word', words });
const PPM = 1_000_000;
const MANY = 1_000_000_000_000;

/** The settings of one value each, by name (PROTOCOL §11). */
const FORMS: Readonly<Partial<Record<keyof VenueSettings, Form>>> = {
  takerFeePpm: number(-PPM, PPM),
  makerFeePpm: number(-PPM, PPM),
  referralDiscountPpm: number(0, PPM),
  stakingDiscountPpm: number(0, PPM),
  referralCodes: { kind: 'list' },
  fundingRateE10: number(-400_000_000, 400_000_000),
  fundingBy: word('premium', 'setting'),
  markIntervalMs: number(1, 3_600_000),
  liquidationCooldown: word('pause', 'whole'),
  priceBand: { kind: 'fraction', values: [0.95, 0.8] },
  satisfiedTrigger: word('fires', 'refused'),
  smallReduceOnly: word('whole-position', 'all', 'none'),
  duplicateCloid: word('taken', 'refused'),
  modifyError: word('text', 'status'),
  maxOpenOrders: number(0, MANY),
  openOrderVolumeUsd: number(1, MANY),
  openOrderCap: number(0, MANY),
  openInterestCapsUsd: { kind: 'by-coin' },
  openInterestGrowthUsd: { kind: 'by-coin' },
  outsideInterestUsd: number(0, 1_000_000_000),
  subAccountVolumeUsd: number(0, MANY),
  scheduleCancelVolume: { kind: 'switch' },
  withdrawFee: number(0, MANY),
  activationFee: number(0, MANY),
  fillsByPrintsOnly: { kind: 'switch' },
};

const isName = (name: string): name is keyof typeof FORMS => Object.hasOwn(FORMS, name);

/**
 * What differs on a market in which others trade too, be it recorded, made of candles or live. Their open interest, where it is not told,
 * is the median of mainnet’s 179 live coins in one recorded moment, rounded down: clients pass over coins without any.
 */
export const outsideMarketSettings = { fillsByPrintsOnly: true, outsideInterestUsd: 2_000_000 } as const satisfies Partial<VenueSettings>;

/** `BTC:5000+ETH:1`: whole dollars by coin. */
function readByCoin(text: string): Readonly<Record<string, number>> | null {
  const parts = text.split('+').map((part) => /^([^:]+):(\d{1,12})$/.exec(part));
  const entries = parts.flatMap((found): [string, number][] => (found === null ? [] : [[found[1] ?? '', Number(found[2])]]));
  return entries.length === parts.length ? Object.fromEntries(entries) : null;
}

function readValue(form: Form, text: string): number | string | boolean | readonly string[] | Readonly<Record<string, number>> | null {
  switch (form.kind) {
    case 'number': {
      const value = Number(text);
      return /^-?\d+$/.test(text) && value >= form.min && value <= form.max ? value : null;
    }
    case 'fraction':
      return form.values.find((value) => String(value) === text) ?? null;
    case 'word':
      return form.words.includes(text) ? text : null;
    case 'switch':
      return text === 'true' ? true : text === 'false' ? false : null;
    case 'list':
      return text.split('+').filter((part) => part !== '');
    case 'by-coin':
      return readByCoin(text);
    default:
      return form satisfies never;
  }
}

function told(form: Form): string {
  switch (form.kind) {
    case 'number':
      return `a whole number from ${form.min} to ${form.max}`;
    case 'fraction':
      return form.values.join(' or ');
    case 'word':
      return form.words.join(' or ');
    case 'switch':
      return 'true or false';
    case 'list':
      return 'words joined by +';
    case 'by-coin':
      return 'dollars by coin joined by +, e.g. BTC:5000000+ETH:2000000';
    default:
      return form satisfies never;
  }
}

/**
 * Reads settings written as `name=value`, each of them alone, e.g. `priceBand=0.8`. Throws an Error naming what does not fit
 * and what would.
 */
export function parseVenueSettings(texts: readonly string[]): Partial<VenueSettings> {
  const settings: Record<string, unknown> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    if (at < 0 || !isName(name)) throw new Error(`setting ${text}: give name=value with one of ${Object.keys(FORMS).join(', ')}`);
    const form = FORMS[name];
    if (form === undefined) continue;
    const value = readValue(form, text.slice(at + 1));
    if (value === null) throw new Error(`setting ${text}: give ${told(form)}`);
    settings[name] = value;
  }
  return settings;
}
