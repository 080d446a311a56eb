/** The promises, held against the venue's own truth at every step of a simulation. */
import type { ActionReply, Address, Venue, VenueEvent, VenueFill, VenueOrder } from '@hyperfleet/paper-exchange';
import type { LedgerHandle } from '@hyperfleet/store';
import {
  type Clock,
  type Cloid,
  entrySide,
  type FillRecord,
  isTerminal,
  type OrderIntent,
  type OrderRecord,
  type Trade,
  type TradePatch,
} from '@hyperfleet/trading';
import type { Excuses } from './excuses.ts';
import type { Hand } from './hand.ts';
import type { Life } from './life.ts';
import type { Sending } from './link-events.ts';
import type { Posted } from './posted.ts';
import { createReadingWatch, type ReadingWatch } from './reading.ts';

/**
 * A reaction: the longest that size may stand without a stop while nothing is out of order. It holds the stream's delay, a look,
 * one or two reads and two round trips at the slowest the simulated network is.
 */
const REACTION_MS = 3_000;

/** Reads that fail are tried again every second, in a spell of bad weather for this long at most. */
const FOREIGN_KNOWN_MS = 30_000;

export interface WatchedBot {
  readonly id: string;
  readonly user: Address;
  readonly hand: Hand;
  readonly settings: { readonly reconcileIntervalMs: number };
  /** An operator has asked for foreign orders and positions to be closed. */
  foreignClosing: boolean;
}

export interface Watch {
  sending(life: Life, sending: Sending): void;
  arriving(bot: WatchedBot, sending: Sending): void;
  applied(bot: WatchedBot, sending: Sending, reply: ActionReply): void;
  nonceUsedTwice(bot: WatchedBot, sending: Sending): void;
  /** A worker's write has been committed. */
  written(bot: WatchedBot, method: string, args: readonly unknown[], result: unknown): void;
  readonly reading: ReadingWatch;
  /** The process has ended: what starts from here on is another. */
  restarted(): void;
  venueEvent(bot: WatchedBot, event: VenueEvent): void;
  /** Looks at what has no event of its own. */
  look(): void;
  break(promise: string, detail: string): void;
  /** The first promise broken, null while all hold. */
  readonly broken: string | null;
  readonly counts: { entries: number; unknown: number; naked: number; nakedMsMax: number; unexcusedMsMax: number };
}

export interface WatchOptions {
  readonly venue: Venue;
  readonly clock: Clock;
  /** A connection of its own: it sees only what is committed. */
  readonly ledger: () => LedgerHandle;
  readonly bots: readonly WatchedBot[];
  readonly excuses: Excuses;
  readonly posted: Posted;
}

/** When a row says it was written, and which of two of the same time is the later one. */
interface Written {
  readonly atMs: number;
  readonly number: number;
}
const isBefore = (a: Written, b: Written): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number);

const isTakeProfit = (role: string): boolean => role.startsWith('tp');

/** Size that armed stops of the account hold on a coin, lots. */
function armed(venue: Venue, user: Address, coin: string): number {
  return venue
    .openOrders(user)
    .filter((order) => order.coin === coin && order.tpsl === 'sl' && !order.waitingForFill)
    .reduce((sum, order) => sum + order.sz, 0);
}

const heldOn = (venue: Venue, user: Address, coin: string): number =>
  venue.account(user).positions.find((position) => position.coin === coin)?.szi ?? 0;

/** Starts the watch over a world. */
export function createWatch(options: WatchOptions): Watch {
  const { venue, clock, bots, excuses, posted } = options;
  const sent = new Set<Cloid>();
  const accepted = new Map<string, Set<Cloid>>();
  const breakevens = new Map<string, number>();
  /** By bot: the highest nonce sent so far, and what it was when the process ended last. */
  const nonces = new Map<string, number>();
  let noncesBefore = new Map<string, number>();
  const filled = new Map<string, number>();
  const judged = new Set<string>();
  /** By bot and coin: the newest exit that is done. */
  const exitsDone = new Map<string, Written>();
  let coverageBefore: { readonly coin: string; readonly held: number; readonly armed: number }[] = [];
  let broken: string | null = null;
  const counts = { entries: 0, unknown: 0, naked: 0, nakedMsMax: 0, unexcusedMsMax: 0 };

  const fail = (promise: string, detail: string): void => {
    broken ??= `${promise}: ${detail}`;
  };
  const reading = createReadingWatch({ venue, clock, excuses, fail });
  const recordOf = (cloid: string): OrderRecord | null => options.ledger().order(cloid as Cloid);
  const tradeOf = (tradeId: string): Trade => {
    const trade = options.ledger().trade(tradeId);
    if (trade === null) throw new Error(`no trade ${tradeId}`);
    return trade;
  };

  const sendingOrder = (order: OrderIntent, nonce: number): void => {
    const record = recordOf(order.cloid);
    const what = `${order.role} ${order.coin} ${order.cloid}`;
    if (record === null) {
      fail('nothing is sent before its intent is committed', what);
      return;
    }
    if (record.nonce !== nonce)
      fail('what is sent is what was recorded', `${what} recorded with nonce ${record.nonce}, sent with ${nonce}`);
    if (sent.has(order.cloid)) fail('nothing is sent twice', what);
    sent.add(order.cloid);
  };

  const acceptedOrder = (bot: WatchedBot, order: OrderIntent): void => {
    const record = recordOf(order.cloid);
    if (record === null) return;
    const trade = tradeOf(record.tradeId);
    const what = `${bot.id} ${order.role} ${order.coin} ${order.cloid} of ${record.tradeId}`;
    if (record.state === 'dead') fail('what is called dead never reaches the venue', what);
    const isOver = trade.phase === 'settled' || trade.phase === 'refused';
    if (isOver && trade.kind === 'entry') fail('after the end of a trade nothing of it is on its way', what);
    if (order.role !== 'entry') return;
    counts.entries += 1;
    const key = posted.keyOf(options.ledger().claimedRow(trade.tradeId)) ?? trade.tradeId;
    const cloids = accepted.get(key) ?? new Set();
    accepted.set(key, cloids.add(order.cloid));
    if (cloids.size > 1) fail('a signal is executed at most once', `${what}: entries ${[...cloids].join(' ')} of signal ${key}`);
  };

  const recorded = (bot: WatchedBot, tradeId: string, orders: readonly OrderRecord[]): void => {
    const trade = tradeOf(tradeId);
    for (const { intent } of orders) {
      const what = `${bot.id} ${intent.role} ${intent.coin} of ${tradeId}`;
      if (hasOneInDoubt(tradeId, intent)) fail('no entry or close is sent again before the fate of the first is known', what);
      const direction = posted.directionOf(options.ledger().claimedRow(tradeId));
      if (intent.role === 'entry') {
        if (options.ledger().botState(bot.id).paused) fail('while paused no entry is sent', what);
        if (direction !== null && intent.side !== entrySide(direction)) fail('an entry is on its signal’s side', what);
        const signal = posted.find(posted.keyOf(options.ledger().claimedRow(tradeId)) ?? '');
        const exit = exitsDone.get(`${bot.id} ${intent.coin}`);
        if (signal !== null && exit !== undefined && isBefore(signal, exit))
          fail('no entry goes out after an exit that was written after it', what);
        if (knownForeign(bot, intent.coin)) fail('no entry on a foreign coin', what);
      } else if (!intent.reduceOnly) fail('only entries open', what);
      if (trade.exitClaimedBy !== null && (isTakeProfit(intent.role) || intent.role === 'breakeven'))
        fail('an exit wins over take-profits and breakeven', what);
      if (intent.role === 'breakeven' && !firstLegIsDone(bot, trade)) fail('breakeven comes after the first leg has filled', what);
    }
    if (orders.some(({ intent }) => isTakeProfit(intent.role))) ladderFits(bot, trade);
  };
  /** Whether nobody knows yet what became of an earlier entry, or close, of the trade. */
  const hasOneInDoubt = (tradeId: string, { role, cloid }: OrderIntent): boolean =>
    (role === 'entry' || role === 'close') &&
    options
      .ledger()
      .orders(tradeId)
      .some(({ intent, state }) => intent.role === role && intent.cloid !== cloid && (state === 'intent' || state === 'unknown'));
  /** What is decided on one version of a trade is written over no other. */
  const sawNewest = (tradeId: string, seen: number): void => {
    const { version } = tradeOf(tradeId);
    if (version !== seen + 1) fail('a decision is written over what it was taken on', `${tradeId}: over ${version - 1}, taken on ${seen}`);
  };
  /** What the ledger calls over is over at the venue, or never got there. */
  const isOver = (bot: WatchedBot, cloid: Cloid): void => {
    const record = recordOf(cloid);
    if (record === null || !isTerminal(record.state)) return;
    const status = venue.order(bot.user, cloid)?.status ?? null;
    if (status === 'open' || status === 'triggered')
      fail('what is called over rests nowhere', `${bot.id} ${record.intent.role} ${cloid} is ${record.state} here and ${status} there`);
  };
  const nonceRises = (bot: string, { kind, nonce }: Sending): void => {
    const before = noncesBefore.get(bot) ?? 0;
    if (nonce <= before) fail('nonces rise over restarts', `${bot} ${kind} ${nonce} after ${before}`);
    nonces.set(bot, Math.max(nonces.get(bot) ?? 0, nonce));
  };
  /** What a CLOSE_ALL says it has taken: nothing looks at it again. */
  const allTaken = (tradeIds: string): void => {
    for (const tradeId of tradeIds.split(' ').filter((id) => id !== '')) {
      const { exitClaimedBy, phase } = tradeOf(tradeId);
      if (exitClaimedBy === null && phase !== 'settled' && phase !== 'refused') fail('CLOSE_ALL takes every trade', tradeId);
    }
  };
  /** What is the owner's counts as known an interval of reconciling after it came to be, and what reading again may take. */
  const knownForeign = (bot: WatchedBot, coin: string): boolean => {
    const sinceMs = bot.hand.standsSinceMs(coin);
    if (bot.hand.isMuddled(coin)) return false;
    return sinceMs !== null && clock.now() - sinceMs > bot.settings.reconcileIntervalMs + FOREIGN_KNOWN_MS;
  };
  const firstLegIsDone = (bot: WatchedBot, trade: Trade): boolean => {
    const first = trade.ladder?.[0];
    if (first === undefined) return false;
    const done = options
      .ledger()
      .orders(trade.tradeId)
      .filter(({ intent }) => intent.role === `tp${first.index}`)
      .reduce((sum, { intent }) => {
        const order = venue.order(bot.user, intent.cloid);
        return sum + (order === null ? 0 : order.origSz - order.sz);
      }, 0);
    return done >= first.sz;
  };
  const ladderFits = (bot: WatchedBot, trade: Trade): void => {
    const sums = options.ledger().fillSums(trade.tradeId);
    const live = options
      .ledger()
      .orders(trade.tradeId)
      .filter(({ intent, state }) => isTakeProfit(intent.role) && !isTerminal(state));
    const asked = live.reduce((sum, { intent, filledSz }) => sum + intent.sz - filledSz, 0);
    const open = sums.entrySz - sums.exitSz;
    if (asked > open) fail('take-profits never sum to more than the position', `${bot.id} ${trade.tradeId}: ${asked} lots for ${open}`);
  };

  const exitDone = (key: string, exit: Trade): void => {
    const signal = posted.find(posted.keyOf(options.ledger().claimedRow(exit.tradeId)) ?? '');
    const newest = exitsDone.get(key);
    if (signal !== null && (newest === undefined || isBefore(newest, signal))) exitsDone.set(key, signal);
  };

  const nothingLeft = (bot: WatchedBot, trade: Trade): void => {
    const what = `${bot.id} ${trade.coin} ${trade.tradeId}`;
    const left = venue.openOrders(bot.user).filter((order) => order.coin === trade.coin && order.cloid !== null);
    const ours = left.filter((order) => order.cloid !== null && recordOf(order.cloid)?.tradeId === trade.tradeId);
    for (const order of trade.kind === 'exit' ? left : ours) fail('after the end nothing of ours rests', `${what}: ${describe(order)}`);
    const doubtful = options
      .ledger()
      .orders(trade.tradeId)
      .find(({ state }) => !isTerminal(state));
    if (doubtful !== undefined) fail('after the end no order is in doubt', `${what}: ${doubtful.intent.role} ${doubtful.state}`);
    if (trade.kind === 'exit') exitDone(`${bot.id} ${trade.coin}`, trade);
    if (bot.hand.isMuddled(trade.coin) || bot.foreignClosing) return;
    const others =
      trade.kind === 'entry' &&
      options
        .ledger()
        .activeTrades(bot.id)
        .some((other) => other.kind === 'entry' && other.coin === trade.coin && other.phase !== 'claimed');
    if (others) return;
    const held = heldOn(venue, bot.user, trade.coin) - bot.hand.net(trade.coin);
    if (held !== 0) fail('after the end nothing is held', `${what}: ${held} lots, ${trade.reason}`);
  };

  const tookFill = (bot: WatchedBot, fill: VenueFill): void => {
    const record = fill.cloid === null ? null : recordOf(fill.cloid);
    if (record === null || record.intent.role !== 'entry') return;
    const sum = (filled.get(record.tradeId) ?? 0) + fill.sz;
    filled.set(record.tradeId, sum);
    const planned = tradeOf(record.tradeId).plan?.sz ?? 0;
    if (sum > planned) fail('no more is bought than was planned', `${bot.id} ${record.tradeId}: ${sum} of ${planned} lots`);
  };

  const lookAtNaked = (): void => {
    const audit = venue.audit();
    if (audit.duplicateCloids > 0) fail('no two live orders carry one client order id', `${audit.duplicateCloids}`);
    if (audit.conservationErrorUsd !== 0) fail('no money is made or lost', `${audit.conservationErrorUsd} micro-dollars`);
    counts.nakedMsMax = audit.nakedMsMax;
    for (const { user, coin, fromMs, toMs } of audit.naked) {
      const untilMs = toMs ?? clock.now();
      if (untilMs - fromMs <= REACTION_MS) continue;
      const key = `${user} ${coin} ${fromMs}`;
      if (judged.has(key)) continue;
      const bot = bots.find((candidate) => candidate.user === user);
      if (bot === undefined || bot.hand.heldThroughMs(coin) > fromMs || bot.hand.isMuddled(coin)) continue;
      const unexcused = excuses.unexcusedMs(bot.id, coin, fromMs, untilMs);
      counts.unexcusedMsMax = Math.max(counts.unexcusedMsMax, unexcused);
      // Where the owner has taken money out, a stop that stood inside liquidation may lie beyond it from any moment on: the next look at the account tells.
      const boundMs = REACTION_MS + (bot.hand.hasTakenOut ? bot.settings.reconcileIntervalMs : 0);
      if (unexcused > boundMs)
        fail('no size stands without a stop', `${bot.id} ${coin} for ${untilMs - fromMs} ms, ${unexcused} ms of them without excuse`);
      if (toMs !== null) judged.add(key);
    }
  };

  return {
    counts,
    get broken() {
      return broken;
    },
    break: fail,
    sending(life, sending) {
      nonceRises(life.bot, sending);
      if (sending.kind === 'place') for (const order of sending.orders) sendingOrder(order, sending.nonce);
      const bot = bots.find(({ id }) => id === life.bot);
      if (sending.kind !== 'cancel' || bot === undefined) return;
      for (const id of sending.cancels) {
        const ours = id.startsWith('0x') ? recordOf(id)?.bot === life.bot : bot.foreignClosing;
        if (!ours) fail('foreign orders are left alone', `${life.bot} cancels ${id}`);
      }
    },
    arriving(bot, sending) {
      if (sending.kind !== 'cancel') return;
      const coins = new Set(sending.cancels.map((id) => recordOf(id)?.intent.coin).filter((coin) => coin !== undefined));
      coverageBefore = [...coins].map((coin) => ({ coin, held: heldOn(venue, bot.user, coin), armed: armed(venue, bot.user, coin) }));
    },
    applied(bot, sending, reply) {
      if (sending.kind === 'cancel') {
        for (const before of coverageBefore) {
          const held = heldOn(venue, bot.user, before.coin);
          const now = armed(venue, bot.user, before.coin);
          if (before.held === 0 || bot.hand.net(before.coin) !== 0 || before.armed < Math.abs(before.held)) continue;
          if (now < Math.abs(held))
            fail('no cancel of ours takes a stop from size', `${bot.id} ${before.coin}: ${now} of ${held} lots left covered`);
        }
        coverageBefore = [];
      }
      if (sending.kind !== 'place' || reply.status === 'err' || reply.response.type === 'default') return;
      for (const [index, order] of sending.orders.entries()) {
        const status = reply.response.data.statuses[index];
        const refused = typeof status === 'object' && 'error' in status;
        if (status !== undefined && !refused) acceptedOrder(bot, order);
      }
    },
    nonceUsedTwice: (bot, sending) => fail('a nonce is used once', `${bot.id} ${sending.kind} ${sending.nonce}`),
    written(bot, method, args, result) {
      if (method === 'recordIntents' && result === true) recorded(bot, args[0] as string, args[2] as readonly OrderRecord[]);
      if (method === 'applyOrderNews' && (args[1] as { state?: string }).state === 'unknown') counts.unknown += 1;
      if (method === 'recordControl' && String(args[1]).endsWith(':begun')) allTaken(String(args[2]));
      if (method === 'applyOrderNews') isOver(bot, args[0] as Cloid);
      if (method === 'claimEntry' && result !== null && options.ledger().botState(bot.id).paused)
        fail('a paused bot takes no entry', bot.id);
      if (method === 'recordFills') reading.known(bot, result as readonly FillRecord[]);
      if ((method === 'changeTrade' || method === 'recordIntents') && result === true) sawNewest(args[0] as string, args[1] as number);
      if (method !== 'changeTrade' || result !== true) return;
      const [tradeId, , patch] = args as [string, number, TradePatch];
      if (patch.breakeven === 'done') {
        breakevens.set(tradeId, (breakevens.get(tradeId) ?? 0) + 1);
        if ((breakevens.get(tradeId) ?? 0) > 1) fail('the stop moves to breakeven once', tradeId);
      }
      if (patch.phase === 'settled') nothingLeft(bot, tradeOf(tradeId));
    },
    restarted() {
      noncesBefore = new Map(nonces);
    },
    venueEvent(bot, event) {
      if (event.kind === 'fill') {
        bot.hand.hear(event.fill);
        tookFill(bot, event.fill);
      }
      if (event.kind === 'order' && bot.hand.owns(event.order.oid)) bot.hand.hearOrder(event.order.coin);
      if (event.kind === 'order' && event.order.cloid === null && event.status === 'canceled' && !bot.hand.owns(event.order.oid))
        fail('foreign orders are left alone', `${bot.id} oid ${event.order.oid}`);
    },
    reading,
    look() {
      lookAtNaked();
      reading.look();
    },
  };
}

const describe = (order: VenueOrder): string =>
  `${order.side} ${order.sz} ${order.isTrigger ? 'trigger' : 'limit'} ${order.oid} ${order.cloid}`;
