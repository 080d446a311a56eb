/** Requests as they reach the venue: what each changes there, and what its answer says, as things stand there then. */
import { AT, type Hand, type Order, orderAt, STATE, type State, WORDS } from './state.ts';
import { doubleLanding, land, landCancel } from './venue.ts';
import { type Run, STAGE } from './workers.ts';

/** What a question after an order is answered where the venue does not know it; else it is the venue's word. */
export const UNKNOWN_OID = 255;

export const slotsOf = (bits: number): number[] => {
  const slots: number[] = [];
  for (let slot = 0; bits >> slot !== 0; slot++) if ((bits >> slot) & 1) slots.push(slot);
  return slots;
};

/** The venue's folded word as a state of ours. */
export function stateOfWord(word: number): number {
  const text = WORDS[word] ?? '';
  if (text === 'open') return STATE.resting;
  if (text === 'filled') return STATE.filled;
  return text.endsWith('Rejected') ? STATE.rejected : STATE.canceled;
}

export const bitsWhere = (s: State, holds: (order: Order) => boolean): number =>
  s.orders.reduce((bits, order, slot) => (holds(order) ? bits | (1 << slot) : bits), 0);

/** The request of a hand reaches the venue. */
export function arrive(run: Run, hand: Hand): void {
  const { s } = run;
  hand.request = 2;
  switch (hand.stage) {
    case STAGE.fills:
      hand.firsts = bitsWhere(s, ({ first }) => first > 0);
      hand.seconds = bitsWhere(s, ({ second }) => second > 0);
      return;
    case STAGE.open:
      hand.waiting = bitsWhere(s, ({ at }) => at === AT.waiting);
      hand.standing = bitsWhere(s, ({ at }) => at === AT.standing);
      return;
    case STAGE.ask: {
      const { at, word } = orderAt(s, hand.at);
      hand.answer = at === AT.nowhere ? UNKNOWN_OID : word;
      return;
    }
    case STAGE.cancelAgain:
      hand.answer = landCancel(s, hand.at) ? 1 : 0;
      return;
    case STAGE.sweep:
      for (const slot of slotsOf(hand.waiting | hand.standing)) landCancel(s, slot);
      return;
    case STAGE.account:
      hand.held = s.position > 0 ? 1 : 0;
      return;
    case STAGE.place:
      run.broken ??= doubleLanding(s, slotsOf(hand.todo));
      if (run.broken === null) [hand.answer = 0, hand.answer2 = 0] = land(s, slotsOf(hand.todo));
      return;
    case STAGE.cancel:
      hand.firsts = slotsOf(hand.todo).reduce((bits, slot) => (landCancel(s, slot) ? bits | (1 << slot) : bits), 0);
      return;
    default:
      throw new Error(`no stage ${hand.stage}`);
  }
}
