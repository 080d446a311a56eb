import type { BotReport } from '@hyperfleet/bot';
import { type Instrument, type MicroUsd, ticks } from '@hyperfleet/trading';
import { gain, price, size } from './words.ts';

type TradeNews = Extract<BotReport, { kind: 'trade' }>;
type Detail = TradeNews['detail'];

/** What a sentence may need beyond the news itself. */
export interface SentenceContext {
  readonly instrument: Instrument | null;
  /** Net result of the trade, when it is settled and anything filled. */
  readonly netPnl: MicroUsd | null;
}

/** How a piece of news is to be shown. */
export interface Sentence {
  readonly text: string;
  readonly mood: 'plain' | 'good' | 'bad' | 'attention';
}

/** A trade's news as a trader would say it; null for what only the log and the timeline need. */
export function sentenceOf(news: Pick<TradeNews, 'coin' | 'what' | 'detail'>, context: SentenceContext): Sentence | null {
  const told = tell(news.what, news.detail, context);
  return told === null ? null : { ...told, text: `${news.coin} ${told.text}` };
}

const plain = (text: string): Sentence => ({ text, mood: 'plain' });
const attention = (text: string): Sentence => ({ text, mood: 'attention' });

function tell(what: string, detail: Detail, { instrument, netPnl }: SentenceContext): Sentence | null {
  const at = (field: string): string => showPrice(detail[field], instrument);
  const of = (field: string): string => showSize(detail[field], instrument);
  const words = (field: string): string => String(detail[field] ?? '');
  switch (what) {
    case 'entry sent': {
      const side = Number(detail.stopPx) < Number(detail.px) ? 'long' : 'short';
      const targets = Number(detail.targets);
      const aims = targets === 0 ? 'no target' : targets === 1 ? '1 target' : `${targets} targets`;
      return plain(`${side} ${of('sz')} at ${at('px')}, stop ${at('stopPx')}, ${aims} (size by ${words('boundBy')})`);
    }
    case 'entry resting':
      return plain('entry rests');
    case 'fill':
      return plain(fillSentence(detail, at('px'), of('sz')));
    case 'take-profits sent':
      return plain(`${words('legs')} take-profit${detail.legs === 1 ? '' : 's'} placed over ${of('sz')}`);
    case 'tp1 filled':
      return { text: `TP1 reached at ${at('px')}, ${of('openSz')} left`, mood: 'good' };
    case 'breakeven':
      return { text: `stop moved to breakeven at ${at('stopPx')}`, mood: 'good' };
    case 'breakeven passed, closing':
      return attention('price is past breakeven: closing at market');
    case 'entry remainder cancelled':
      return plain(`rest of the entry cancelled (${words('reason')})`);
    case 'entry cancelled':
      return plain(`entry cancelled (${words('reason')})`);
    case 'exit claimed':
      return plain(`leaving by ${words('by')}`);
    case 'close sent':
      return plain(`closing ${of('sz')}`);
    case 'exit executed':
      return plain('exit done');
    case 'exit no_op':
      return plain('exit: nothing of ours to close');
    case 'refused':
      return attention(`refused: ${words('reason')}`);
    case 'expired':
      return plain(`expired: ${words('reason')}`);
    case 'settled':
      return settledSentence(detail, netPnl);
    default:
      return isRoutine(what, detail) ? null : attention(`${what}${tail(detail)}`);
  }
}

function fillSentence(detail: Detail, px: string, sz: string): string {
  const verb = detail.side === 'buy' ? 'bought' : 'sold';
  return `${verb} ${sz} at ${px} (${roleName(String(detail.role ?? detail.dir))})`;
}

function settledSentence(detail: Detail, netPnl: MicroUsd | null): Sentence {
  const reason = detail.reason === null || detail.reason === undefined ? '' : ` (${String(detail.reason)})`;
  if (netPnl === null) return plain(`${String(detail.status)}${reason}`);
  return { text: `${String(detail.status)}, net ${gain(netPnl)} USD${reason}`, mood: netPnl >= 0 ? 'good' : 'bad' };
}

const ROLES: ReadonlyMap<string, string> = new Map([
  ['own-stop', 'stop'],
  ['breakeven', 'breakeven stop'],
  ['tp1', 'TP1'],
  ['tp2', 'TP2'],
  ['tp3', 'TP3'],
  ['tp4', 'TP4'],
  ['tp5', 'TP5'],
]);
const roleName = (role: string): string => ROLES.get(role) ?? role;

/** Steps every trade takes; a person wants to hear of them only when they go wrong. */
const ROUTINE: ReadonlySet<string> = new Set([
  'first fill',
  'entry done',
  'own stop sent',
  'breakeven stop sent',
  'old stop cancelled',
  'orphans swept',
  'row seen again',
]);

function isRoutine(what: string, detail: Detail): boolean {
  if (ROUTINE.has(what)) return true;
  // The venue's answer to one order: `<role> <state>`.
  return 'role' in detail && 'cloid' in detail && detail.state !== 'rejected' && detail.state !== 'unknown';
}

const tail = (detail: Detail): string => {
  const { reason } = detail;
  return reason === null || reason === undefined ? '' : `: ${String(reason)}`;
};

function showPrice(value: unknown, instrument: Instrument | null): string {
  if (typeof value !== 'number' || instrument === null) return String(value ?? '?');
  return `$${price(ticks(value), instrument)}`;
}

function showSize(value: unknown, instrument: Instrument | null): string {
  return typeof value !== 'number' || instrument === null ? String(value ?? '?') : size(value, instrument);
}
