/** Events as numbers, and in words. */
import { slotsOf } from './arrivals.ts';
import { KIND_WORDS, nameOf, orderAt, type State } from './state.ts';
import { PLACE_NAMES } from './venue.ts';
import { handOf, STAGE } from './workers.ts';

/** Kinds of events; an event is its kind and, in the low six bits, what it is about. */
export const KIND = {
  entry: 0,
  exit: 1,
  pause: 2,
  resume: 3,
  closeAll: 4,
  part: 5,
  move: 6,
  time: 7,
  cut: 8,
  connect: 9,
  orders: 10,
  fills: 11,
  answered: 12,
  lands: 13,
  hears: 14,
  lost: 15,
  refused: 16,
  strayPlace: 17,
  strayCancel: 18,
  crash: 19,
} as const;
export const code = (kind: number, about = 0): number => kind * 64 + about;
export const TIME = code(KIND.time);
export const ENTRY_SIGNAL = code(KIND.entry);
export const FIRST_PART = code(KIND.part, 0);
export const SECOND_PART = code(KIND.part, 1);
export const TO_FIRST_TARGET = code(KIND.move, 1);
/** What the bot does once a minute anyway: the fill monitor holds the ledger against the venue. */
export const COMPARE = code(KIND.connect, 1);
export const LAST_EXIT = code(KIND.exit, 1);

const HANDS = ['signal', 'fill', "fill's reconcile"] as const;
const STAGE_WORDS = ['fills', 'open orders', 'order', 'cancel again', 'sweep', 'account', 'place', 'cancel'] as const;

function handWords(s: State, worker: number): string {
  const hand = handOf(s, worker);
  const names = hand.stage === STAGE.place || hand.stage === STAGE.cancel ? slotsOf(hand.todo).map((slot) => nameOf(orderAt(s, slot))) : [];
  if (hand.stage === STAGE.ask || hand.stage === STAGE.cancelAgain) names.push(nameOf(orderAt(s, hand.at)));
  return `${HANDS[worker]} ${KIND_WORDS[hand.kind]}: ${[STAGE_WORDS[hand.stage], ...names].join(' ')}`;
}

/** An event in words, in the situation it happens in. */
export function wordsOf(s: State, event: number): string {
  const about = event & 63;
  switch (event >> 6) {
    case KIND.entry:
      return 'entry signal';
    case KIND.exit:
      return about === 1 ? 'a last exit signal' : 'exit signal';
    case KIND.pause:
      return 'PAUSE';
    case KIND.resume:
      return 'RESUME';
    case KIND.closeAll:
      return 'CLOSE_ALL';
    case KIND.part:
      return about === 0 ? 'first part of the entry fills' : 'rest of the entry fills';
    case KIND.move:
      return `market to the ${PLACE_NAMES[about]}`;
    case KIND.time:
      return 'time passes';
    case KIND.cut:
      return 'stream is cut';
    case KIND.connect:
      return about === 1 ? 'the minute is over' : 'stream connects';
    case KIND.orders:
      return 'stream: orders';
    case KIND.fills:
      return 'stream: fills';
    case KIND.answered:
      return `${handWords(s, about)}: answered`;
    case KIND.lands:
      return `${handWords(s, about)}: lands, answer under way`;
    case KIND.hears:
      return `${handWords(s, about)}: late answer`;
    case KIND.lost:
      return `${handWords(s, about)}: no answer comes`;
    case KIND.refused:
      return `${handWords(s, about)}: refused by the venue`;
    case KIND.strayPlace:
      return `${nameOf(orderAt(s, about))}: lands late`;
    case KIND.strayCancel:
      return `cancel of ${nameOf(orderAt(s, about))}: lands late`;
    case KIND.crash:
      return `${HANDS[about]} worker crashes and starts again`;
    default:
      throw new Error(`no event ${event}`);
  }
}
