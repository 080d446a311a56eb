/** One bot of the simulation: both its workers on the real stores, started, killed and started again. */
import { createHash } from 'node:crypto';
import {
  type BotReport,
  type BotSettings,
  createFillLoop,
  createNonceSource,
  createSignalLoop,
  type FillLoop,
  type Log,
  type LoopDeps,
  type PeerMessage,
  type SignalLoop,
} from '@hyperfleet/bot';
import { createNonceCell, openNonceCell } from '@hyperfleet/hyperliquid';
import type { LedgerHandle, SignalQueueHandle } from '@hyperfleet/store';
import type { Clock, Instruments } from '@hyperfleet/trading';
import { createHang } from '../support/hang.ts';
import type { Chance } from './chance.ts';
import { clockOf, type DiskEvents, type Half, type Life, onDisk, WorkerDied } from './life.ts';
import type { Link } from './link.ts';
import type { SimMarket } from './market.ts';
import type { Weather } from './weather.ts';

export const HALVES: readonly Half[] = ['signal', 'fill-monitor'];

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silent };
/** A memo, since the same facts are hashed for every look at a trade. */
const digests = new Map<string, string>();
const DIGESTS_KEPT = 50_000;
const digest = (text: string): string => {
  const known = digests.get(text);
  if (known !== undefined) return known;
  if (digests.size > DIGESTS_KEPT) digests.clear();
  const made = createHash('sha256').update(text).digest('hex');
  digests.set(text, made);
  return made;
};

export interface PairOptions {
  readonly settings: BotSettings;
  readonly bots: readonly string[];
  readonly clock: Clock;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly link: Link;
  readonly market: SimMarket;
  readonly instruments: Instruments;
  /** The stores as they are open now; a new process opens them anew. */
  readonly stores: () => { readonly ledger: LedgerHandle; readonly queue: SignalQueueHandle };
  /** How far the wall clock that nonces are taken from is off, ms. */
  readonly skewMs: () => number;
  readonly events: PairEvents;
}

interface PairEvents extends Pick<DiskEvents, 'refused'> {
  written(bot: string, method: string, args: readonly unknown[], result: unknown): void;
  died(bot: string, half: Half, why: string, downMs: number): void;
  ready(bot: string, half: Half): void;
  /** The fill monitor hangs from now on, and goes on. */
  hangs(bot: string, ms: number): void;
  wentOn(bot: string): void;
  /** An error no worker may end by. */
  bug(bot: string, half: Half, error: unknown): void;
  report(bot: string, report: BotReport): void;
}

export interface Pair {
  readonly id: string;
  /** Both workers stand, have reconciled, and do not hang. */
  readonly isReady: boolean;
  /** The worker ends here, and is started again. */
  kill(half: Half, why: string): void;
  /** The fill monitor hangs, unless it does: it goes on after so long, or is ended when it was silent for longer than anyone waits. */
  hang(ms: number): void;
  /** Both end with their process; `start` brings them back. */
  killAll(why: string): void;
  start(): void;
  wake(): void;
}

/** A worker silent for so long is ended, ms. */
const SILENT_MS = 15_000;
/** A worker that was ended is back after about this long, ms. */
const DOWN_MS = [150, 1_500] as const;

/** Writes that compare a version, and how often the other worker comes in before one. */
const COMPARED: ReadonlySet<string> = new Set(['changeTrade', 'recordIntents']);
const INTERLEAVED = 0.25;
/** How often it then has written to that very trade, something that changes nothing: whoever compares must try again. */
const TOUCHED = 0.3;
const otherOf = (half: Half): Half => (half === 'signal' ? 'fill-monitor' : 'signal');

interface Running {
  readonly onThrown: (error: unknown) => void;
  readonly life: Life;
  readonly loop: SignalLoop | FillLoop;
  readonly clock: Clock;
  /** Messages on the line to it come in order. */
  heardMs: number;
  ready: boolean;
}

const isOperational = (error: unknown): boolean => error instanceof Error && 'retry' in error;

/** Makes a bot's two workers; nothing runs before `start`. */
export function createPair(options: PairOptions): Pair {
  const { settings, clock, chance, events } = options;
  const workers = new Map<Half, Running>();
  let nonces = openNonceCell(createNonceCell());
  let process = 0;
  let interleaving = false;
  let launches = 0;

  const begin = (half: Half): void => {
    const mine = process;
    const life: Life = {
      bot: settings.id,
      half,
      alive: true,
      hang: createHang(),
      die(why) {
        if (!life.alive) return;
        life.alive = false;
        workers.delete(half);
        if (half === 'fill-monitor') sayGuardGone();
        const downMs = chance.int(...DOWN_MS);
        events.died(settings.id, half, why, downMs);
        clock.after(downMs, () => mine === process && begin(half));
      },
    };
    const onThrown = (error: unknown): void => {
      if (!life.alive || error instanceof WorkerDied) return;
      if (!isOperational(error)) events.bug(settings.id, half, error);
      life.die(`thrown: ${error instanceof Error ? error.message : String(error)}`);
    };
    try {
      open(half, life, onThrown);
    } catch (error) {
      onThrown(error);
    }
  };

  const open = (half: Half, life: Life, onThrown: (error: unknown) => void): void => {
    const { ledger, queue } = options.stores();
    const disk: DiskEvents = {
      writing: (method, args) => interleave(half, method, args[0] as string),
      refused: events.refused,
      written: (method, args, result) => events.written(settings.id, method, args, result),
    };
    const mine = onDisk(ledger, life, options, disk);
    launches += 1;
    const deps: LoopDeps & { readonly onBug: (error: unknown) => void } = {
      launch: launches,
      settings,
      clock: clockOf(clock, life, onThrown),
      ledger: mine,
      exchange: options.link.exchangeOf(life),
      reads: options.link.readsOf(life),
      market: options.market,
      instruments: options.instruments,
      requestLifeMs: () => settings.expiresAfterMs,
      nextNonce: createNonceSource({ cell: nonces, ledger: mine, bot: settings.id, now: () => clock.now() + options.skewMs() }),
      digest,
      log: silent,
      peer: { send: (message) => tellOther(half, life, message) },
      report: (report) => events.report(settings.id, report),
      onBug: onThrown,
    };
    const loop = half === 'signal' ? signalLoop(deps, onDisk(queue, life, options, disk)) : fillLoop(deps, life, onThrown);
    const running: Running = { onThrown, life, loop, clock: deps.clock, heardMs: 0, ready: false };
    workers.set(half, running);
    loop.start().then(() => {
      if (!life.alive) return;
      running.ready = true;
      events.ready(settings.id, half);
    }, onThrown);
    // A new line between the two: what was said on the old one may be lost.
    for (const other of workers.values()) other.clock.after(1, () => other.loop.onPeer({ kind: 'trades-changed' }));
    if (half === 'signal') deps.clock.after(1, () => sayHowGuardStands(loop));
  };

  function sayHowGuardStands(to: SignalLoop | FillLoop): void {
    const guard = workers.get('fill-monitor');
    if (guard === undefined) sayGuardGone();
    else if (guard.ready) to.onPeer({ kind: 'on-guard' });
  }

  /** Who watches the threads sees a guard end, and one that is not there. */
  function sayGuardGone(): void {
    const signal = workers.get('signal');
    signal?.clock.after(1, () => signal.loop.onPeer({ kind: 'guard-gone' }));
  }

  /**
   * Threads run beside each other: what one has looked at may have been changed by the other before it writes. So now and then the
   * other one is told to look at everything just then, and does what it does up to its first await.
   */
  const interleave = (half: Half, method: string, tradeId: string): void => {
    const other = workers.get(otherOf(half));
    if (
      interleaving ||
      other === undefined ||
      other.life.hang.isHung ||
      !other.ready ||
      !COMPARED.has(method) ||
      !chance.happens(INTERLEAVED)
    )
      return;
    interleaving = true;
    try {
      other.loop.onPeer({ kind: 'trades-changed' });
      if (chance.happens(TOUCHED)) touch(tradeId);
    } catch (error) {
      other.onThrown(error);
    } finally {
      interleaving = false;
    }
  };

  const touch = (tradeId: string): void => {
    const { ledger } = options.stores();
    const trade = ledger.trade(tradeId);
    if (trade !== null) ledger.changeTrade(tradeId, trade.version, {}, []);
  };

  const signalLoop = (deps: LoopDeps & { readonly onBug: (error: unknown) => void }, queue: SignalQueueHandle): SignalLoop =>
    createSignalLoop({
      ...deps,
      queue,
      wallToMarket: (ms) => ms,
      marketToWall: (ms) => ms,
      marketToIso: (ms) => new Date(ms).toISOString(),
      controlBots: options.bots,
      breathe: () => Promise.resolve(),
    });
  const fillLoop = (
    deps: LoopDeps & { readonly onBug: (error: unknown) => void },
    life: Life,
    onThrown: (e: unknown) => void,
  ): FillLoop => {
    const loop = createFillLoop({ ...deps, fundingFrom: clock.now() });
    options.link.connect(life, (event) => {
      try {
        loop.onStream(event);
      } catch (error) {
        onThrown(error);
      }
    });
    return loop;
  };

  const tellOther = (from: Half, life: Life, message: PeerMessage): void => {
    const other = workers.get(otherOf(from));
    if (!life.alive || other === undefined) return;
    other.heardMs = Math.max(other.heardMs, clock.now() + (chance.happens(0.9) ? 0 : chance.int(1, 60)));
    other.clock.after(other.heardMs - clock.now(), () => other.loop.onPeer(message));
  };

  return {
    id: settings.id,
    get isReady() {
      return HALVES.every((half) => {
        const worker = workers.get(half);
        return worker?.ready === true && !worker.life.hang.isHung;
      });
    },
    kill: (half, why) => workers.get(half)?.life.die(why),
    hang(ms) {
      const running = workers.get('fill-monitor');
      if (running === undefined || running.life.hang.isHung) return;
      const { life } = running;
      events.hangs(settings.id, ms);
      life.hang.hang();
      clock.after(ms, () => {
        if (!life.alive) return;
        if (ms >= SILENT_MS) return life.die('silent');
        events.wentOn(settings.id);
        life.hang.goOn();
      });
    },
    killAll(why) {
      process += 1;
      for (const { life } of [...workers.values()]) life.die(why);
      nonces = openNonceCell(createNonceCell());
    },
    start() {
      for (const half of HALVES) begin(half);
    },
    wake() {
      const running = workers.get('signal');
      if (running !== undefined && 'wake' in running.loop) running.loop.wake();
    },
  };
}
