/** The venue of a running fleet as programs outside of it see it: stock clients over HTTP, and the control routes of the paper exchange. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultRule } from '@hyperfleet/paper-exchange';
import { ExchangeClient, HttpTransport, InfoClient } from '@nktkas/hyperliquid';
import { post } from './paper-venue.ts';
import { type Wallet, walletOf } from './wallet.ts';

type Hex = `0x${string}`;

export interface FleetVenue {
  readonly info: InfoClient;
  /** A client that signs with a key of its own; nonces by the venue's clock. */
  client(wallet: Wallet): Promise<ExchangeClient>;
  /** Pays paper money in. */
  fund(user: Hex, usd: number): Promise<void>;
  /** Sets a fault; resolves with its number. */
  fault(rule: FaultRule): Promise<number>;
  /** Ends these faults. */
  clear(faults: readonly number[]): Promise<void>;
  /** Size held on a coin, signed; 0 when none. */
  held(user: Hex, coin: string): Promise<number>;
  /** Summed size of the stops of a coin that are armed. */
  stopped(user: Hex, coin: string): Promise<number>;
}

/** What the venue says in the log when it listens. */
const LISTENS = /"url":"(http:\/\/127\.0\.0\.1:\d+)"/g;

/** The venue of the fleet that works in this data directory, where it last said that it listens. Throws when it has not yet. */
export function fleetVenue(dataDir: string): FleetVenue {
  const url = [...readFileSync(join(dataDir, 'fleet.log'), 'utf8').matchAll(LISTENS)].at(-1)?.[1];
  if (url === undefined) throw new Error(`the venue of ${dataDir} does not listen yet`);
  const transport = new HttpTransport({ apiUrl: url, isTestnet: true });
  const info = new InfoClient({ transport });
  const control = async (path: string, body: unknown): Promise<unknown> => {
    const { status, text, json } = await post(`${url}${path}`, body);
    if (status !== 200) throw new Error(`${path} ${JSON.stringify(body)}: ${text}`);
    return json;
  };
  return {
    info,
    async client(wallet) {
      let { time } = await info.clearinghouseState({ user: wallet.address });
      return new ExchangeClient({ transport, wallet, nonceManager: () => ++time });
    },
    fund: async (user, usd) => void (await control('/paper/fund', { user, usd })),
    async fault(rule) {
      const set = await control('/paper/fault', rule);
      if (typeof set !== 'object' || set === null || !('id' in set)) throw new Error(`no fault: ${JSON.stringify(set)}`);
      return Number(set.id);
    },
    async clear(faults) {
      for (const fault of faults) await control('/paper/fault', { clear: fault });
    },
    async held(user, coin) {
      const { assetPositions } = await info.clearinghouseState({ user });
      return Number(assetPositions.find(({ position }) => position.coin === coin)?.position.szi ?? 0);
    },
    async stopped(user, coin) {
      const open = await info.frontendOpenOrders({ user });
      return open
        .filter((order) => order.coin === coin && order.isTrigger && order.reduceOnly && order.orderType.startsWith('Stop'))
        .reduce((sum, { sz }) => sum + Number(sz), 0);
    },
  };
}

/** The wallets of a fleet's throw-away paper keys by bot id. */
export function paperWallets(dataDir: string): ReadonlyMap<string, Wallet> {
  const keys: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(dataDir, 'paper-keys.json'), 'utf8'));
  return new Map(Object.entries(keys).map(([id, key]) => [id, walletOf(key)]));
}
