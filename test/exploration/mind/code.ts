/** A situation as bytes, to be kept by the million, and as a number of 53 bits, to be told from others. */
import { freshHand, HAND, type Hand, type Order, type State } from './state.ts';

const scratch = new Uint8Array(4_096);
let end = 0;

const put = (value: number): void => {
  scratch[end++] = value;
};
/** Bits of up to thirty orders. */
function putBits(value: number): void {
  put(value & 255);
  put((value >> 8) & 255);
  put((value >> 16) & 255);
  put((value >> 24) & 255);
}

function putOrder(o: Order): void {
  put(o.role | (o.attempt << 3));
  put(o.state | (o.cancelAsked << 4) | (o.oidKnown << 5) | (o.joined << 6) | (o.stray << 7));
  put(o.reason);
  put(o.age | (o.at << 2) | (o.strayCancel << 4) | (o.known << 6));
  put(o.sz | (o.left << 4));
  put(o.px);
  put(o.word | (o.streamed << 6));
  put(o.told);
  put(o.turn);
  put(o.first | (o.second << 4));
}

function putHand(h: Hand): void {
  put(h.kind);
  if (h.kind === HAND.idle) return;
  put(h.stage | (h.request << 4) | (h.open << 6) | (h.later << 7));
  put(h.at);
  put(h.late | (h.aged << 1) | (h.moved << 3) | (h.status << 4) | (h.fresh << 7));
  put(h.answer);
  put(h.answer2);
  put(h.held);
  putBits(h.todo);
  putBits(h.firsts);
  putBits(h.seconds);
  putBits(h.waiting);
  putBits(h.standing);
  put(h.looked.length);
  for (const seen of h.looked) put(seen);
}

const pair = ([a, b]: readonly [number, number]): number => a | (b << 4);

/** Writes a situation down; the bytes are good until the next is written. */
export function write(s: State): Uint8Array {
  end = 0;
  put(s.row | (s.exitRow << 2) | (s.exitSeen << 4) | (s.paused << 5) | (s.up << 6) | (s.ladder << 7));
  put(s.controls);
  put(s.used | (s.place << 4) | (s.parts << 6));
  put(s.position | (s.phase << 4));
  put(s.status | (s.breakeven << 4));
  put(s.leg1 | (s.leg2 << 4));
  put(s.claim | (s.remainder << 1) | (s.claimAge << 2) | (s.guard << 4) | (s.accountOld << 5) | (s.missed << 6) | (s.putOff << 7));
  put(pair(s.started));
  put(pair(s.down));
  put(pair(s.later));
  put(pair(s.again));
  put(pair(s.held));
  put(pair(s.synced));
  for (const hand of s.hands) putHand(hand);
  put(s.orders.length);
  for (const order of s.orders) putOrder(order);
  return scratch.subarray(0, end);
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
  const hand = freshHand();
  hand.kind = get();
  if (hand.kind === HAND.idle) return hand;
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

/** 53 bits of what bytes say, never 0. Four bytes are one word: a difference in one word alone is always seen. */
export function hashOf(bytes: Uint8Array): number {
  let a = 0x9e3779b9 ^ bytes.length;
  let b = 0x85ebca6b;
  for (let i = 0; i < bytes.length; i += 4) {
    const word = (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
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
