import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequestBudget } from '@hyperfleet/hyperliquid';
import { type LedgerHandle, openLedger } from '@hyperfleet/store';
import { ZERO_USD } from '@hyperfleet/trading';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReplayClock, mapClock } from '../clock.ts';
import { startBot } from './bot-start.ts';
import { firstLook, rememberedLook } from './first-look.ts';
import type { Floor } from './floor.ts';
import { startBots } from './start-order.ts';

const ADDRESS = `0x${'1a'.repeat(20)}`;
const OTHER = `0x${'2b'.repeat(20)}`;
const account = { id: 'Sentient', privateKey: '', address: ADDRESS, signer: ADDRESS, usd: 0 };

const NOTHING = {
  marginSummary: { accountValue: '0.0', totalNtlPos: '0.0', totalRawUsd: '0.0', totalMarginUsed: '0.0' },
  crossMarginSummary: { accountValue: '0.0', totalNtlPos: '0.0', totalRawUsd: '0.0', totalMarginUsed: '0.0' },
  crossMaintenanceMarginUsed: '0.0',
  withdrawable: '0.0',
  assetPositions: [],
  time: 1_700_000_000_000,
};

let dir: string;
let told: string[];
let close: () => void;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'hyperfleet-start-'));
  told = [];
  close = () => undefined;
});
afterEach(() => {
  close();
  rmSync(dir, { recursive: true, force: true });
});

/** All a start needs before its workers, on a venue at `url`. */
function floorAt(url: string) {
  const ledger = openLedger(join(dir, 'ledger.db'));
  const before = close;
  close = () => {
    before();
    ledger.close();
  };
  const clock = createReplayClock(mapClock(1_700_000_000_000, 1_000));
  const restart = { firstDelayMs: 1, maxDelayMs: 2, jitter: 0, budget: 3, windowMs: 60_000 };
  const floor = {
    house: { plan: { fleet: { restart, speed: 1_000 }, bots: [{ id: 'Sentient' }] }, ledger, log: { error: () => undefined } },
    venue: { url },
    clock,
    pace: clock,
    budget: createRequestBudget(),
    instruments: new Map(),
    newsroom: { halted: (bot: string) => told.push(`shown halted: ${bot}`) },
    watch: {
      haltedBots: new Set<string>(),
      restarted: (worker: string) => told.push(`restarts: ${worker}`),
      lost: (worker: string, reason: string) => told.push(`lost: ${worker}: ${reason}`),
      halted: (bot: string, reason: string) => told.push(`halted: ${bot}: ${reason}`),
    },
  };
  return { floor: floor as unknown as Floor, ledger, halted: floor.watch.haltedBots };
}

/** A port nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A venue that answers by the type of the question. */
async function answering(replies: (body: { type: string; user?: string }) => unknown): Promise<string> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(replies(JSON.parse(text))));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A venue at which the account holds five dollars and its key is its own. */
const fitVenue = (): Promise<string> =>
  answering(({ type }) =>
    type === 'clearinghouseState'
      ? { ...NOTHING, marginSummary: { ...NOTHING.marginSummary, accountValue: '5.0', totalRawUsd: '5.0' } }
      : type === 'userFees'
        ? { userCrossRate: '0.00045', userAddRate: '0.00015' }
        : 'disabled',
  );

describe('bots that come up together', () => {
  const other = { ...account, id: 'Vulcan' };

  /** Sentient has nothing at the venue, Vulcan an open trade. */
  async function floorOfTwo() {
    const { floor, ledger } = floorAt(`http://127.0.0.1:${await closedPort()}`);
    const activeTrades = (id: string): unknown => (id === 'Vulcan' ? [{ kind: 'entry' }] : []);
    const house = { ...floor.house, accounts: [account, other], ledger: { ...ledger, activeTrades } };
    return { ...floor, house } as unknown as Floor;
  }

  it('ask the venue after those with an open trade stand or have been given up', async () => {
    const bots = startBots(await floorOfTwo());
    expect(bots.map(({ id }) => id)).toEqual(['Sentient', 'Vulcan']);
    await Promise.all(bots.map(({ ready }) => ready));
    const asked = told.flatMap((line) => /^(?:restarts|lost): (\w+)\/start/.exec(line)?.[1] ?? []);
    expect(asked).toEqual([...Array(4).fill('Vulcan'), ...Array(4).fill('Sentient')]);
  });

  it('wait for those no longer than their head start', async () => {
    const floor = await floorOfTwo();
    Object.assign(floor.house.plan.fleet.restart, { firstDelayMs: 60_000, maxDelayMs: 60_000 });
    const bots = startBots(floor, 5);
    await expect.poll(() => told).toContain('restarts: Sentient/start');
    expect(bots).toHaveLength(2);
  });

  it('are told to leave while they wait for their turn', async () => {
    const floor = await floorOfTwo();
    Object.assign(floor.house.plan.fleet.restart, { firstDelayMs: 60_000, maxDelayMs: 60_000 });
    const [waiting] = startBots(floor);
    await waiting?.drain(1_000);
    expect(told.filter((line) => line.includes('Sentient'))).toEqual([]);
  });
});

describe('what the venue said lately of an account', () => {
  const LOOK = { account: ADDRESS, signer: ADDRESS, takerPpm: 450, hasSpotCollateral: false };
  const HOUR_MS = 3_600_000;

  /** A floor of which this was remembered, and what a start would begin with. */
  async function begun(
    look: Partial<Parameters<LedgerHandle['rememberAccountLook']>[1]>,
    state: Parameters<LedgerHandle['setBotState']>[1] = {},
  ) {
    const { floor, ledger } = floorAt(`http://127.0.0.1:${await closedPort()}`);
    ledger.setBotState('Sentient', { equityStart: ZERO_USD, ...state });
    ledger.rememberAccountLook('Sentient', { ...LOOK, atWallMs: Date.now() - HOUR_MS, ...look });
    return rememberedLook(floor, account as never);
  }

  it('is not asked again before its bot begins', async () => {
    expect(await begun({})).toEqual({ takerPpm: 450, hasSpotCollateral: false });
    expect(await begun({ takerPpm: 288, hasSpotCollateral: true })).toEqual({ takerPpm: 288, hasSpotCollateral: true });
  });

  it('is asked again when it is a day old, was said after now, or of another account or key', async () => {
    expect(await begun({ atWallMs: Date.now() - 24 * HOUR_MS })).toBeNull();
    expect(await begun({ atWallMs: Date.now() + HOUR_MS })).toBeNull();
    expect(await begun({ account: OTHER })).toBeNull();
    expect(await begun({ signer: OTHER })).toBeNull();
  });

  it('is asked again of a bot that is halted, since it may be for its key, or never saw its equity', async () => {
    expect(await begun({}, { tradingState: 'halted', reason: 'the key no longer acts for its account' })).toBeNull();
    expect(await begun({}, { equityStart: null })).toBeNull();
  });

  it('is remembered by a look that found the account fit', async () => {
    const { floor, ledger } = floorAt(await fitVenue());
    ledger.setBotState('Sentient', { equityStart: ZERO_USD });
    const look = await firstLook(floor, account as never).catch((error: unknown) => error);
    expect(look).toEqual({ takerPpm: 450, hasSpotCollateral: false });
    expect(ledger.accountLook('Sentient')).toMatchObject(LOOK);
    expect(rememberedLook(floor, account as never)).toEqual(look);
  });
});

describe('a halt that stands when a bot starts', () => {
  async function halted(reason: string | null) {
    const { floor, ledger } = floorAt(await fitVenue());
    ledger.setBotState('Sentient', { equityStart: ZERO_USD, paused: true, tradingState: 'halted', reason });
    await firstLook(floor, account as never);
    return ledger.botState('Sentient');
  }

  it.each([
    'a worker is past its restart budget',
    'the key no longer acts for its account (User or API Wallet 0x1a does not exist): approve a new key',
    'the account is unfit: its key 0x2b is no agent of 0x1a',
    'CLOSE_ALL',
    null,
  ])('is taken back where account and key are fit and its reason, %j, is ours or was written over by a pause', async (reason) => {
    expect(await halted(reason)).toMatchObject({ tradingState: 'active', reason: null, paused: true });
  });

  it('stays where a person gave its reason', async () => {
    expect(await halted('on holiday')).toMatchObject({ tradingState: 'halted', reason: 'on holiday' });
  });
});

describe('a bot whose own start fails', () => {
  it('is tried within its restart budget where the connection is refused, then halted alone, with the reason', async () => {
    const { floor, ledger, halted } = floorAt(`http://127.0.0.1:${await closedPort()}`);
    const bot = startBot(floor, account as never);
    expect(bot.stream(true)).toBe(false);
    await bot.ready;
    expect(told.filter((line) => line === 'restarts: Sentient/start')).toHaveLength(3);
    expect(told.at(-1)).toMatch(/^lost: Sentient\/start: .*(ECONNREFUSED|the last reads all failed)/);
    expect(halted.has('Sentient')).toBe(true);
    expect(ledger.botState('Sentient')).toMatchObject({ tradingState: 'halted', reason: 'a worker is past its restart budget' });
    await bot.drain(1_000);
  });

  it.each([
    [{ role: 'missing' }, ADDRESS, /the venue knows no account 0x1a.* mistyped/],
    [{ role: 'agent', data: { user: OTHER } }, ADDRESS, /is an agent of 0x2b.*, not an account: write the address of its master/],
    [{ role: 'subAccount', data: { master: OTHER } }, ADDRESS, /is a sub-account, which this version does not trade for/],
    [{ role: 'missing' }, OTHER, /its key 0x2b.* is no agent of 0x1a.*: approve it at the venue/],
    [{ role: 'agent', data: { user: OTHER } }, OTHER, /its key 0x2b.* is an agent of 0x2b.*, not of 0x1a/],
  ])('is halted at once where the venue says %j of its address', async (role, signer, reason) => {
    const url = await answering(({ type }) =>
      type === 'userRole'
        ? role
        : type === 'clearinghouseState'
          ? NOTHING
          : type === 'spotClearinghouseState'
            ? { balances: [] }
            : 'disabled',
    );
    const { floor } = floorAt(url);
    await startBot(floor, { ...account, signer } as never).ready;
    expect(told.filter((line) => line.startsWith('restarts'))).toEqual([]);
    expect(told.at(-1)).toMatch(/^halted: Sentient: /);
    expect(told.at(-1)).toMatch(reason);
  });
});
