import type { BotReport } from '@hyperfleet/bot';
import type { Instruments } from '@hyperfleet/trading';
import { microUsd, parseDecimal, ticks } from '@hyperfleet/trading';
import { type Sentence, sentenceOf } from './sentence.ts';
import { money, price, size, timeOfDay } from './words.ts';

type Alert = Extract<BotReport, { kind: 'alert' }>;
type Detail = Alert['detail'];

/** An alert as its owner should read it: what it is about, what the bot does, and what a person can do. */
export function alarmOf(
  { phrase, detail }: Pick<Alert, 'phrase' | 'detail'>,
  { bot, instruments }: { bot: string; instruments: Instruments },
): Sentence {
  return { text: `ALERT ${tell({ phrase, detail }, { bot, instruments })}`, mood: 'bad' };
}

function tell(
  { phrase, detail }: Pick<Alert, 'phrase' | 'detail'>,
  { bot, instruments }: { bot: string; instruments: Instruments },
): string {
  const word = (field: string): string => String(detail[field] ?? '?');
  const instrument = instruments.get(word('coin')) ?? null;
  const at = (field: string): string => {
    const value = detail[field];
    return instrument === null || typeof value !== 'number' ? `${word(field)} ticks` : `$${price(ticks(Math.trunc(value)), instrument)}`;
  };
  const of = (field: string): string => {
    const value = detail[field];
    return instrument === null || typeof value !== 'number' ? `${word(field)} lots` : size(value, instrument);
  };
  switch (phrase) {
    case 'money was taken out from outside':
      return `$${usd(detail.usd)} was taken out from outside (${word('what')}) at ${time(detail.at)}: what is held stays covered, entries are sized by what is left; if it was not you, somebody has your key`;
    case 'difference':
      return `the venue differs from our books by ${word('amount')} since ${time(detail.since)}: ${word('rule')}; look at the account, then npx admin_controls "${bot}" ACKNOWLEDGE takes it as it is`;
    case 'foreign fill':
      return `${word('coin')}: ${word('side') === 'buy' ? 'bought' : 'sold'} ${of('sz')} at ${at('px')} by no order of the fleet (${word('dir')}): left alone, in no trade's books`;
    case 'foreign fills':
      return `${word('count')} fills on ${word('coins').replaceAll(',', ', ')} by no order of the fleet: left alone, in no trade's books`;
    case 'foreign orders or positions seen':
      return `orders or positions that are not the fleet's on ${word('coins').replaceAll(',', ', ')}: left alone, and no entries there until they are gone; npx admin_controls "${bot}" CLOSE_ALL --foreign closes them`;
    case 'command not obeyed':
      return `the command "${word('command')}" did nothing: ${word('reason')}; if it is still meant, npx admin_controls "${bot}" gives it`;
    case 'liquidated by the venue':
    case 'closed from outside':
      return `${word('coin')}: ${of('sz')} ${phrase} at ${at('px')} (${word('dir')})`;
    case 'closed what others held':
      return `${word('coin')}: an order of ours ${word('side') === 'buy' ? 'bought' : 'sold'} ${of('sz')} at ${at('px')} of what others held, since more of ours had filled than was known when it went; it is in no trade's books`;
    case 'the stop lies beyond liquidation':
      return `${word('coin')}: the stop ${at('stopPx')} lies beyond the liquidation price ${at('liquidationPx')}: ${word('remedy')}`;
    case 'key disowned':
      return `the venue disowns the key: ${word('reason')}`;
    case 'key ends soon':
      return `the approval of the key ends, left: ${word('left')}; ${word('remedy')}`;
    case 'clock is off':
      return word('remedy');
    case 'fill monitor silent':
      return 'the fill monitor says nothing: the signal worker keeps stops and targets meanwhile, and entries wait until it is back';
    case 'health degraded':
    case 'health critical':
    case 'health emergency':
      return `${phrase.slice('health '.length)}, it was ${word('from')}: ${word('reasons')}`;
    default:
      return ofTrade(phrase, detail, instruments) ?? `${phrase}${listed(detail)}`;
  }
}

/** That what an alert told of is over, in one plain line. */
export function reliefOf({ phrase, detail }: Pick<Extract<BotReport, { kind: 'over' }>, 'phrase' | 'detail'>): Sentence {
  return { text: relief(phrase, detail), mood: 'plain' };
}

function relief(phrase: string, detail: Detail): string {
  const word = (field: string): string => String(detail[field] ?? '?');
  switch (phrase) {
    case 'health':
      return word('to') === 'normal'
        ? `normal again, it was ${word('from')}`
        : `better: ${word('to')}, it was ${word('from')}: ${word('reasons')}`;
    case 'clock is off':
      return "this machine's clock agrees with the venue's again";
    case 'difference':
      return `the difference of ${word('amount')} ${detail.by === undefined ? 'is explained' : `was taken as it is by ${word('by')}`}`;
    case 'fill monitor silent':
      return 'the fill monitor is back and keeps stops and targets again';
    case 'foreign orders or positions seen':
      return "no order or position is left that is not the fleet's: entries may go there again";
    case 'key ends soon':
      return 'the approval of the key was renewed';
    case 'the stop lies beyond liquidation':
      return `${word('coin')}: the stop lies inside the liquidation price again`;
    default:
      return `over: ${phrase}`;
  }
}

/** An alert that is a piece of news of a trade, told as such. */
function ofTrade(phrase: string, detail: Detail, instruments: Instruments): string | null {
  if (typeof detail.coin !== 'string') return null;
  const instrument = instruments.get(detail.coin) ?? null;
  return sentenceOf({ coin: detail.coin, what: phrase, detail }, { instrument, netPnl: null })?.text ?? null;
}

const listed = (detail: Detail): string => {
  const told = Object.entries(detail).map(([name, value]) => `${name} ${String(value)}`);
  return told.length === 0 ? '' : `: ${told.join(', ')}`;
};

const USD_DECIMALS = 6;

/** Dollars and cents of a decimal text; the text itself where it is none. */
function usd(value: Detail[string] | undefined): string {
  const micro = typeof value === 'string' ? parseDecimal(value, USD_DECIMALS) : null;
  return micro === null ? String(value) : money(microUsd(micro));
}

/** Time of day of an ISO time; the text itself where it is none. */
function time(value: Detail[string] | undefined): string {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? String(value) : timeOfDay(ms);
}
