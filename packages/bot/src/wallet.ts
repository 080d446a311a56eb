/** What a signal worker knows of its wallet: the newest account it was told of, and what of it is not ours. */
import type { AccountView } from '@hyperfleet/trading';
import { createForeignNews, type ForeignLook, lookAtWallet } from './foreign.ts';
import type { LoopDeps } from './settings.ts';
import { isOperational } from './trade-runner.ts';

/** An account, and the market time at which it was heard of, ms. */
interface Heard {
  readonly view: AccountView;
  readonly atMs: number;
}

export interface WalletMemory {
  readonly account: Heard | null;
  readonly foreign: ForeignLook | null;
  readonly placedAtMs: number;
}

export interface Wallet {
  /** The newest account, asked for only when what is known is older than our last order or than an interval of reconciling. */
  account(): Promise<AccountView>;
  /** The next `account()` asks the venue, whatever was heard. */
  askAccountAgain(): void;
  /** Looks at it all where the last look is too old to enter on. Where that fails, `refusal` says so. */
  lookAgain(): Promise<void>;
  hear(account: AccountView): void;
  hearLook(look: ForeignLook): void;
  /** A look that is complete, and may be older than what was heard meanwhile. */
  hearAll(told: { readonly account: AccountView; readonly foreign: ForeignLook; readonly atMs?: number }): void;
  isForeign(coin: string): boolean;
  /** What stands on a coin that is not ours, in words; null when nothing was seen. */
  stranger(coin: string): 'a position' | 'an order' | null;
  /** Why no entry may go; null where the wallet was looked at of late. */
  refusal(): string | null;
  /** An order has just been placed: what is known of the account is of before it. */
  placed(): void;
  memory(): WalletMemory;
}

export function createWallet(deps: LoopDeps): Wallet {
  const { clock, settings, reads, log } = deps;
  const foreign = createForeignNews(deps);
  let account: Heard | null = null;
  let placedAtMs = 0;

  const wallet: Wallet = {
    async account() {
      if (account === null || account.view.timeMs <= placedAtMs || clock.now() - account.atMs > settings.reconcileIntervalMs) {
        const view = await reads.account();
        account = { view, atMs: clock.now() };
      }
      return account.view;
    },
    askAccountAgain() {
      account = null;
    },
    async lookAgain() {
      if (foreign.refusal() === null) return;
      try {
        wallet.hearAll(await lookAtWallet(deps));
      } catch (error) {
        if (!isOperational(error)) throw error;
        log.warn('wallet not looked at', { reason: error.message });
      }
    },
    hear(view) {
      account = { view, atMs: clock.now() };
    },
    hearLook: foreign.hear,
    hearAll({ account: view, foreign: look, atMs = clock.now() }) {
      if (account === null || account.view.timeMs <= view.timeMs) account = { view, atMs };
      foreign.hear(look);
    },
    isForeign: foreign.has,
    stranger(coin) {
      if (!foreign.has(coin)) return null;
      return account?.view.positions.some((position) => position.coin === coin && position.szi !== 0) === true ? 'a position' : 'an order';
    },
    refusal: foreign.refusal,
    placed() {
      placedAtMs = clock.now();
    },
    memory: () => ({ account, foreign: foreign.last(), placedAtMs }),
  };
  return wallet;
}
