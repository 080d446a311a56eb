import type { OrderInput, VenueAction } from '../matching/contract.ts';
import type { ParsedAction } from '../wire/action-form.ts';
import { isRecord } from '../wire/fields.ts';
import type { FaultPlan } from './plan.ts';
import type { EffectOf, Occasion } from './rule.ts';

/**
 * What faults make of an accepted action. It is written to the journal with the action, so that a replay, which knows no rules,
 * comes out the same.
 */
export type Imposed =
  /** The whole action is refused. */
  | { readonly kind: 'action'; readonly error: string }
  /** Orders or cancels of it are, by their place. */
  | { readonly kind: 'items'; readonly items: readonly (readonly [index: number, error: string])[] };

/** The venue's words after a network upgrade, as users of it have reported them. */
const POST_ONLY_TEXT = 'Only post-only orders allowed immediately after a network upgrade.';

const REJECTIONS = ['post-only', 'reject-order', 'reject-child', 'reject-cancel'] as const;
type Rejection = (typeof REJECTIONS)[number];
type OrderAction = Extract<VenueAction, { type: 'order' }>;
type Item = readonly [index: number, error: string];

const venueAction = (action: ParsedAction): VenueAction | null =>
  action.signing === 'l1' && action.effect.kind === 'venue' ? action.effect.action : null;

function ordersOf(action: VenueAction): readonly OrderInput[] {
  if (action.type === 'order') return action.orders;
  if (action.type === 'modify') return [action.order];
  return action.type === 'batchModify' ? action.modifies.map(({ order }) => order) : [];
}

const cancelsOf = (action: VenueAction): readonly { readonly asset: number }[] =>
  action.type === 'cancel' || action.type === 'cancelByCloid' ? action.cancels : [];

/** The assets an action names. */
export function assetsOf(parsed: ParsedAction): readonly number[] {
  const action = venueAction(parsed);
  if (action === null) return [];
  if (action.type === 'updateLeverage' || action.type === 'updateIsolatedMargin') return [action.asset];
  return [...ordersOf(action), ...cancelsOf(action)].map(({ asset }) => asset);
}

const isPlain = ({ type }: OrderInput): boolean => type.kind === 'limit' && type.tif !== 'Alo';

/** The place in an action of the `nth` child that is `tpsl`. */
function childAt({ orders, grouping }: OrderAction, nth: number, tpsl: 'tp' | 'sl' | null): number | null {
  if (grouping !== 'normalTpsl') return null;
  const places = orders.flatMap(({ type }, at) => (at > 0 && type.kind === 'trigger' && (tpsl === null || type.tpsl === tpsl) ? [at] : []));
  return places[nth - 1] ?? null;
}

export interface Imposing {
  readonly action: ParsedAction;
  readonly occasion: Occasion;
  readonly nowMs: number;
  readonly coinOf: (asset: number) => string | null;
}

/** What the plan imposes on an action at its turn, or null. One strike a rule and action, whatever number of orders it hits. */
export function imposeFaults(plan: FaultPlan, { action: parsed, occasion, nowMs, coinOf }: Imposing): Imposed | null {
  if (!plan.active) return null;
  const refused = plan.strike(['reject-action'], occasion, nowMs);
  if (refused !== null) return { kind: 'action', error: refused.effect.error };
  const action = venueAction(parsed);
  if (action === null) return null;
  const inScope = (coin: string | null, { asset }: { readonly asset: number }): boolean => coin === null || coinOf(asset) === coin;
  const pick = <T extends { readonly asset: number }>(items: readonly T[], coin: string | null, wanted: (item: T, at: number) => boolean) =>
    items.flatMap((item, at) => (wanted(item, at) && inScope(coin, item) ? [at] : []));
  const orders = ordersOf(action);
  const places = (effect: EffectOf<Rejection>, coin: string | null): readonly number[] => {
    switch (effect.kind) {
      case 'post-only':
        return pick(orders, coin, isPlain);
      case 'reject-order':
        return pick(orders, coin, (_, at) => effect.nth === null || effect.nth === at + 1);
      case 'reject-cancel':
        return pick(cancelsOf(action), coin, (_, at) => effect.nth === null || effect.nth === at + 1);
      case 'reject-child': {
        const at = action.type === 'order' ? childAt(action, effect.nth, effect.tpsl) : null;
        return pick(orders, coin, (_, place) => place === at);
      }
      default:
        return effect satisfies never;
    }
  };
  const struck = plan.strikes(REJECTIONS, occasion, nowMs, (effect, { scope }) => places(effect, scope.coin).length > 0);
  const items = struck.flatMap(({ effect, fault }): Item[] => {
    const error = effect.kind === 'post-only' ? POST_ONLY_TEXT : effect.error;
    return places(effect, fault.scope.coin).map((at) => [at, error]);
  });
  return items.length === 0 ? null : { kind: 'items', items };
}

/** The action with what is imposed on its orders or cancels written into them. */
export function withImposed(parsed: ParsedAction, imposed: Imposed | null): ParsedAction {
  if (imposed?.kind !== 'items' || parsed.signing !== 'l1' || parsed.effect.kind !== 'venue') return parsed;
  const errors = new Map(imposed.items);
  const mark = <T extends object>(item: T, at: number): T => {
    const error = errors.get(at);
    return error === undefined ? item : { ...item, imposed: error };
  };
  return { ...parsed, effect: { ...parsed.effect, action: markAll(parsed.effect.action, mark) } };
}

function markAll(action: VenueAction, mark: <T extends object>(item: T, at: number) => T): VenueAction {
  switch (action.type) {
    case 'order':
      return { ...action, orders: action.orders.map(mark) };
    case 'cancel':
      return { ...action, cancels: action.cancels.map(mark) };
    case 'cancelByCloid':
      return { ...action, cancels: action.cancels.map(mark) };
    case 'modify':
      return { ...action, order: mark(action.order, 0) };
    case 'batchModify':
      return { ...action, modifies: action.modifies.map((modify, at) => ({ ...modify, order: mark(modify.order, at) })) };
    default:
      return action;
  }
}

/** Reads what a journal says was imposed; undefined when it is nothing that can be. */
export function readImposed(value: unknown): Imposed | undefined {
  if (!isRecord(value)) return undefined;
  if (value.kind === 'action' && typeof value.error === 'string') return { kind: 'action', error: value.error };
  if (value.kind !== 'items' || !Array.isArray(value.items)) return undefined;
  const items = value.items.flatMap((item: unknown): Item[] => {
    if (!Array.isArray(item)) return [];
    const [at, error] = item;
    return Number.isSafeInteger(at) && typeof at === 'number' && typeof error === 'string' ? [[at, error]] : [];
  });
  return items.length === value.items.length ? { kind: 'items', items } : undefined;
}
