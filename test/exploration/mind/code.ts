/** A situation as bytes, to be kept by the million, and as a number of 53 bits, to be told from others. */
import { freshHand, HAND, type Hand, IDLE, type Order, type State } from './state.ts';

const scratch = new Uint8Array(4_096);
const scratchWords = new Int32Array(scratch.buffer);
/** Where the last situation written ends. */
let written = 0;

/** Bits of up to thirty orders. */
function putBits(value: number, at: number): number {
  scratch[at] = value;
  scratch[at + 1] = value >> 8;
  scratch[at + 2] = value >> 16;
  scratch[at + 3] = value >> 24;
  return at + 4;
}

function putOrder(o: Order, at: number): number {
  scratch[at] = o.role | (o.attempt << 3);
  scratch[at + 1] = o.state | (o.cancelAsked << 4) | (o.oidKnown << 5) | (o.joined << 6) | (o.stray << 7);
  scratch[at + 2] = o.reason;
  scratch[at + 3] = o.age | (o.at << 2) | (o.strayCancel << 4) | (o.known << 6);
  scratch[at + 4] = o.sz | (o.left << 4);
  scratch[at + 5] = o.px;
  scratch[at + 6] = o.word | (o.streamed << 6);
  scratch[at + 7] = o.told;
  scratch[at + 8] = o.turn;
  scratch[at + 9] = o.first | (o.second << 4);
  return at + 10;
}

function putHand(h: Hand, at: number): number {
  scratch[at] = h.kind;
  if (h.kind === HAND.idle) return at + 1;
  scratch[at + 1] = h.stage | (h.request << 4) | (h.open << 6) | (h.later << 7);
  scratch[at + 2] = h.at;
  scratch[at + 3] = h.late | (h.aged << 1) | (h.moved << 3) | (h.status << 4) | (h.fresh << 7);
  scratch[at + 4] = h.answer;
  scratch[at + 5] = h.answer2;
  scratch[at + 6] = h.held;
  let end = putBits(h.todo, at + 7);
  end = putBits(h.firsts, end);
  end = putBits(h.seconds, end);
  end = putBits(h.waiting, end);
  end = putBits(h.standing, end);
  scratch[end++] = h.looked.length;
  for (const seen of h.looked) scratch[end++] = seen;
  return end;
}

const pair = (both: readonly [number, number]): number => both[0] | (both[1] << 4);

/** Writes a situation down; the bytes are good until the next is written. */
export function write(s: State): Uint8Array {
  scratch[0] = s.row | (s.exitRow << 2) | (s.exitSeen << 4) | (s.paused << 5) | (s.up << 6) | (s.ladder << 7);
  scratch[1] = s.controls;
  scratch[2] = s.used | (s.place << 4) | (s.parts << 6);
  scratch[3] = s.position | (s.phase << 4);
  scratch[4] = s.status | (s.breakeven << 4);
  scratch[5] = s.leg1 | (s.leg2 << 4);
  scratch[6] = s.claim | (s.remainder << 1) | (s.claimAge << 2) | (s.guard << 4) | (s.accountOld << 5) | (s.missed << 6) | (s.putOff << 7);
  scratch[7] = pair(s.started);
  scratch[8] = pair(s.down);
  scratch[9] = pair(s.later);
  scratch[10] = pair(s.again);
  scratch[11] = pair(s.held);
  scratch[12] = pair(s.synced);
  let end = 13;
  for (const hand of s.hands) end = putHand(hand, end);
  scratch[end++] = s.orders.length;
  for (const order of s.orders) end = putOrder(order, end);
  written = end;
  return scratch.subarray(0, end);
}

/** The number of a situation; it is written down for it. */
export function hashOf(s: State): number {
  write(s);
  return hashOfWritten();
}

/** The number of the situation last written. */
export function hashOfWritten(): number {
  scratch.fill(0, written, written + 3);
  return hashOfWords(scratchWords, (written + 3) >> 2);
}

let from: Uint8Array = scratch;
let at = 0;
const get = (): number => from[at++] ?? 0;
const getBits = (): number => get() | (get() << 8) | (get() << 16) | (get() << 24);
const getPair = (): [number, number] => {
  const both = get();
  return [both & 15, both >> 4];
};

function getOrder(): Order {
  const [a, b, reason, c, d, px, e, told, turn, f] = [get(), get(), get(), get(), get(), get(), get(), get(), get(), get()];
  return {
    role: a & 7,
    attempt: a >> 3,
    state: b & 15,
    cancelAsked: (b >> 4) & 1,
    oidKnown: (b >> 5) & 1,
    joined: (b >> 6) & 1,
    stray: b >> 7,
    reason,
    age: c & 3,
    at: (c >> 2) & 3,
    strayCancel: (c >> 4) & 3,
    known: c >> 6,
    sz: d & 15,
    left: d >> 4,
    px,
    word: e & 63,
    streamed: e >> 6,
    told,
    turn,
    first: f & 15,
    second: f >> 4,
  };
}

function getHand(): Hand {
  const kind = get();
  if (kind === HAND.idle) return IDLE;
  const hand = freshHand();
  hand.kind = kind;
  const a = get();
  hand.stage = a & 15;
  hand.request = (a >> 4) & 3;
  hand.open = (a >> 6) & 1;
  hand.later = a >> 7;
  hand.at = get();
  const b = get();
  hand.late = b & 1;
  hand.aged = (b >> 1) & 3;
  hand.moved = (b >> 3) & 1;
  hand.status = (b >> 4) & 7;
  hand.fresh = b >> 7;
  hand.answer = get();
  hand.answer2 = get();
  hand.held = get();
  hand.todo = getBits();
  hand.firsts = getBits();
  hand.seconds = getBits();
  hand.waiting = getBits();
  hand.standing = getBits();
  const count = get();
  for (let slot = 0; slot < count; slot++) hand.looked.push(get());
  return hand;
}

/** The situation that bytes tell of. */
export function read(bytes: Uint8Array): State {
  from = bytes;
  at = 0;
  const [a, controls, b, c, d, e, f] = [get(), get(), get(), get(), get(), get(), get()];
  return {
    row: a & 3,
    exitRow: (a >> 2) & 3,
    exitSeen: (a >> 4) & 1,
    paused: (a >> 5) & 1,
    up: (a >> 6) & 1,
    ladder: a >> 7,
    controls,
    used: b & 15,
    place: (b >> 4) & 3,
    parts: b >> 6,
    position: c & 15,
    phase: c >> 4,
    status: d & 15,
    breakeven: d >> 4,
    leg1: e & 15,
    leg2: e >> 4,
    claim: f & 1,
    remainder: (f >> 1) & 1,
    claimAge: (f >> 2) & 3,
    guard: (f >> 4) & 1,
    accountOld: (f >> 5) & 1,
    missed: (f >> 6) & 1,
    putOff: f >> 7,
    started: getPair(),
    down: getPair(),
    later: getPair(),
    again: getPair(),
    held: getPair(),
    synced: getPair(),
    hands: [getHand(), getHand(), getHand()],
    orders: Array.from({ length: get() }, getOrder),
  };
}

/** 53 bits of what the first `count` words say, never 0: a difference in one word alone is always seen. */
export function hashOfWords(words: Int32Array, count: number): number {
  let a = 0x9e3779b9 ^ count;
  let b = 0x85ebca6b;
  for (let i = 0; i < count; i += 1) {
    const word = words[i] ?? 0;
    a = Math.imul(a ^ word, 0x2c1b3c6d);
    a ^= a >>> 15;
    b = Math.imul(b + word, 0xcc9e2d51);
    b ^= b >>> 13;
  }
  a = Math.imul(a ^ (b >>> 11), 0x2c1b3c6d);
  b = Math.imul(b ^ (a >>> 12), 0x297a2d39);
  a ^= a >>> 16;
  b ^= b >>> 15;
  return ((a >>> 0) & 0x1fffff) * 4_294_967_296 + (b >>> 0) + 1;
}
