import type { Clock } from '@hyperfleet/trading';
import type { Subscription } from './subscription.ts';

/** Which subscription a message belongs to: by channel and coin, where the channel has one. */
export function channelKey(channel: string, coin: unknown): string {
  return `${channel}:${typeof coin === 'string' ? coin : ''}`;
}

/** Watches channels for silence in market time. */
export interface Watchdog {
  /** Begins anew, as of now. */
  start(): void;
  stop(): void;
  /** News came on this channel. */
  heard(key: string): void;
}

interface Watched {
  readonly subscription: Subscription;
  readonly silenceMs: number;
  heardAtMs: number;
  /** Whether it was subscribed anew since it was last heard. */
  warned: boolean;
  /** Doubles with every connection given up in vain: a market that truly stands still is not hammered. */
  patience: number;
}

const PATIENCE_MAX = 16;

/**
 * After `silenceMs` without news a channel is subscribed anew; after as long again the connection is given up. What
 * looks alive at the TCP level may have lost a subscription: only the absence of its messages tells.
 */
export function openWatchdog(
  clock: Clock,
  subscriptions: readonly Subscription[],
  act: { resubscribe(subscription: Subscription): void; giveUp(subscription: Subscription): void },
): Watchdog {
  const watched = new Map<string, Watched>();
  for (const subscription of subscriptions) {
    const { request, silenceMs } = subscription;
    if (silenceMs === null) continue;
    watched.set(channelKey(request.type, request.coin), { subscription, silenceMs, heardAtMs: 0, warned: false, patience: 1 });
  }
  const periodMs = Math.max(1, Math.floor(Math.min(...[...watched.values()].map(({ silenceMs }) => silenceMs)) / 4));
  let cancel: () => void = () => undefined;

  function look(): void {
    cancel = clock.after(periodMs, look);
    const now = clock.now();
    for (const channel of watched.values()) {
      if (now - channel.heardAtMs < channel.silenceMs * channel.patience) continue;
      if (channel.warned) {
        channel.patience = Math.min(PATIENCE_MAX, channel.patience * 2);
        act.giveUp(channel.subscription);
        return;
      }
      channel.warned = true;
      channel.heardAtMs = now;
      act.resubscribe(channel.subscription);
    }
  }

  return {
    start() {
      cancel();
      for (const channel of watched.values()) {
        channel.heardAtMs = clock.now();
        channel.warned = false;
      }
      if (watched.size > 0) cancel = clock.after(periodMs, look);
    },
    stop: () => cancel(),
    heard(key) {
      const channel = watched.get(key);
      if (channel === undefined) return;
      channel.heardAtMs = clock.now();
      channel.warned = false;
      channel.patience = 1;
    },
  };
}
