import type { ParsedAction } from '../wire/action-form.ts';
import { isRecord, parseAddress } from '../wire/fields.ts';
import { assetsOf } from './imposed.ts';
import type { Occasion } from './rule.ts';

/** Names the coin of an asset id; null when there is none. */
export type CoinOf = (asset: number) => string | null;

/** A signed action as faults see it. `users`: the account it is for, and its signer. */
export function actionOccasion(action: ParsedAction, users: readonly string[], coinOf: CoinOf, via: 'http' | 'ws' = 'http'): Occasion {
  const coins = assetsOf(action).flatMap((asset) => coinOf(asset) ?? []);
  return { on: 'action', name: action.type, users, coins, via };
}

/** A question as faults see it. */
export function infoOccasion(body: unknown, via: 'http' | 'ws' = 'http'): Occasion {
  const from = isRecord(body) ? body : {};
  const user = parseAddress(from.user);
  // candleSnapshot has its coin one level down (PROTOCOL §8).
  const coin = from.coin ?? (isRecord(from.req) ? from.req.coin : null);
  return {
    on: 'info',
    name: typeof from.type === 'string' ? from.type : '',
    users: user === null ? [] : [user],
    coins: typeof coin === 'string' ? [coin] : [],
    via,
  };
}

/** What a stream message is about. */
export interface StreamTopic {
  readonly key: string;
  readonly type: string;
  readonly about: { readonly user?: string; readonly coin?: string };
}

const COINS = /"coin":"([^"]+)"/g;

/** A stream message as faults see it: the coins of an account's message are those it speaks of. */
export function messageOccasion({ type, about }: StreamTopic, text: string): Occasion {
  const coins = about.coin === undefined ? [...new Set([...text.matchAll(COINS)].map(([, coin]) => coin ?? ''))] : [about.coin];
  return { on: 'message', name: type, users: about.user === undefined ? [] : [about.user], coins, via: 'ws' };
}
