import { type Clock, parsePrice, parseSize, priceDecimals } from '@hyperfleet/trading';
import type { InProcessExchange } from '../in-process.ts';
import type { Admission } from '../limits/admission.ts';
import type { LimitSettings } from '../limits/settings.ts';
import type { Intervention } from '../matching/contract.ts';
import { type Door, type Network, readSigned } from '../wire/exchange-door.ts';
import { Unfit } from '../wire/fields.ts';
import { createDelays, type Delays } from './delays.ts';
import { actionOccasion, infoOccasion } from './occasions.ts';
import { FaultRefusal } from './parse.ts';
import { fateOf, type RequestFate, UNHARMED } from './request-fate.ts';
import type { EffectOf, Fault, Occasion } from './rule.ts';
import { shiftTimes, withoutLatest } from './spoil.ts';
import { createFaultyStreams, type FaultyStreams } from './stream.ts';

/** The faults of an exchange as its server meets them. */
export interface WireFaults extends Delays {
  readonly streams: FaultyStreams;
  /** What becomes of a request that has just arrived. */
  fate(type: 'action' | 'info', body: unknown, via: 'http' | 'ws'): RequestFate;
  /** The answer to a question as faults of knowledge leave it. */
  answered(body: unknown, answer: unknown, nowMs: number): unknown;
  /** Adds a rule; one that strikes at once has struck when this returns. Call within a task. Throws `FaultRefusal` or `StepRefusal`. */
  add(rule: unknown): number;
  /** Ends one rule or all, and lets go what they held back. How many were ended. */
  clear(id?: number): number;
}

export interface WireFaultOptions {
  readonly exchange: InProcessExchange;
  readonly door: Door;
  readonly network: Network;
  readonly clock: Clock;
  readonly admission: Admission;
}

/** A rule's figures as the limits name them; what it leaves out is left out. */
function figuresOf({ kind: _, addressRequests, ...figures }: EffectOf<'limits'>): Partial<LimitSettings> {
  const given = Object.entries(figures).filter(([, figure]) => figure !== null);
  return {
    ...Object.fromEntries(given),
    ...(addressRequests === null ? {} : { addressBudget: true, addressBudgetStart: addressRequests }),
  };
}

/** Binds the plan of an exchange to its server. */
export function createWireFaults({ exchange, door, network, clock, admission }: WireFaultOptions): WireFaults {
  const { faults: plan, coinOf } = exchange;
  const delays = createDelays(clock);
  const streams = createFaultyStreams({ plan, nowMs: () => exchange.nowMs, later: delays.later });

  const ownLimits = admission.settings;
  /** Rules that change limits, in the order they were set. */
  const limiting = new Map<number, EffectOf<'limits'>>();

  /** The exchange's own limits with those of the rules over them. */
  function setLimits(): void {
    let limits = ownLimits;
    for (const [id, effect] of limiting) {
      if (plan.find(id, exchange.nowMs) === null) limiting.delete(id);
      else limits = { ...limits, ...figuresOf(effect) };
    }
    admission.change(limits);
  }

  function signedOccasion(body: unknown, via: 'http' | 'ws'): Occasion {
    try {
      const request = readSigned(body, network);
      return actionOccasion(request.action, door.parties(request), coinOf, via);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      return { on: 'action', name: '', users: [], coins: [], via };
    }
  }

  function deleveraging({ coin, px, sz }: EffectOf<'deleverage'>): Intervention {
    const instrument = exchange.instrumentOf(coin);
    const [price, size] = [px === null ? null : parsePrice(px, instrument), sz === null ? null : parseSize(sz, instrument)];
    if (price === null && px !== null)
      throw new FaultRefusal(`px "${px}": give a price of ${coin} with at most ${priceDecimals(instrument)} decimals`);
    if (size === null && sz !== null)
      throw new FaultRefusal(`sz "${sz}": give a size of ${coin} with at most ${instrument.szDecimals} decimals`);
    return { kind: 'deleverage', asset: instrument.assetId, px: price, sz: size };
  }

  /** Rules that strike when they are set. */
  function strikeAtOnce(id: number, { effect, ...fault }: Fault): void {
    switch (effect.kind) {
      case 'expire-agent':
        plan.settle(id, exchange.expireAgent(effect.agent) ? 1 : 0);
        break;
      case 'cancel-order':
        plan.settle(id, exchange.intervene(effect.user, { kind: 'cancel', id: effect.order, status: effect.status }) ? 1 : 0);
        break;
      case 'deleverage':
        plan.settle(id, exchange.intervene(effect.user, deleveraging(effect)) ? 1 : 0);
        break;
      case 'reuse-oid':
        plan.settle(id, exchange.intervene(effect.user, { kind: 'reuse-oid', id: effect.order }) ? 1 : 0);
        break;
      case 'pause-market':
        exchange.pauseMarket(effect.coin, effect.ms);
        plan.settle(id, 1);
        break;
      case 'cut':
      case 'half-open':
        if (effect.at === 'now') plan.settle(id, streams.strikeNow(effect, { effect, ...fault }));
        break;
      case 'limits':
        limiting.set(id, effect);
        setLimits();
        plan.settle(id, 1);
        if (fault.bounds.forMs !== null) delays.later(fault.bounds.forMs, () => exchange.request(setLimits));
        break;
      default:
    }
  }

  return {
    ...delays,
    streams,
    fate(type, body, via) {
      if (!plan.active) return UNHARMED;
      return fateOf(plan, type === 'action' ? signedOccasion(body, via) : infoOccasion(body, via), exchange.nowMs);
    },
    answered(body, answer, nowMs) {
      if (!plan.active) return answer;
      const occasion = infoOccasion(body);
      const struck = plan.strike(['lag'], occasion, nowMs, ({ ms }) => withoutLatest(occasion.name, answer, nowMs - ms) !== answer);
      const known = struck === null ? answer : withoutLatest(occasion.name, answer, nowMs - struck.effect.ms);
      const ahead = plan.strikes(['clock-offset'], occasion, nowMs).reduce((ms, { effect }) => ms + effect.ms, 0);
      return ahead === 0 ? known : shiftTimes(known, ahead);
    },
    add(rule) {
      const id = plan.add(rule, exchange.nowMs);
      const fault = plan.find(id, exchange.nowMs);
      try {
        if (fault !== null) strikeAtOnce(id, fault);
      } catch (error) {
        plan.clear(id);
        throw error;
      }
      return id;
    },
    clear(id) {
      const ended = plan.clear(id);
      setLimits();
      if (id === undefined) streams.release();
      return ended;
    },
  };
}
