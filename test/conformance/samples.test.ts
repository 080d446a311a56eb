import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LivedInVenue, openLivedInVenue } from '../support/lived-in-venue.ts';
import { invented, missing, type Rules, shapeOf } from '../support/wire-shape.ts';

/**
 * Every recording of the venue of 2025 and 2026 is judged against what the paper exchange says in a state of the same kind:
 * the fixture holds one row of each shape of each of them.
 */
interface Sample {
  readonly kind: 'info' | 'ws';
  readonly type: string;
  /** The recordings it is of, by their names. */
  readonly from: string;
  /** Somebody has changed or shortened it. */
  readonly edited?: true;
  readonly body: unknown;
}

const samples: readonly Sample[] = readFileSync(new URL('../fixtures/wire/samples.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

/** Fields of what does not exist here: unified accounts and portfolio margin. */
const NOT_HERE = new Set([
  ...['portfolioMarginEnabled', 'portfolioMarginRatio', 'tokenToPortfolioBorrowRatio', 'tokenToPortfolioSupplyRatio'],
  ...['tokenToAvailableAfterMaintenance', 'ltv', 'supplied', 'borrowed', 'abstraction'],
]);
/** Spot pairs have no mid here. */
const NOT_HERE_OF: Readonly<Record<string, readonly string[]>> = { spotMetaAndAssetCtxs: ['midPx'], post: ['tokens'] };
/** Ledger rows of what does not exist here. */
const LEDGER_ELSEWHERE = new Set([
  'spotTransfer',
  'send',
  'vaultDeposit',
  'vaultWithdraw',
  'spotGenesis',
  'rewardsClaim',
  'cStakingTransfer',
]);
/** Fields the venue writes by its documentation or a client's types, and no recording of ours happens to show, or only empty. */
const KNOWN = new Set([
  ...['reduceOnly', 'cloid', 'builderFee', 'liquidation', 'nRequestsSurplus', 'onlyIsolated', 'isDelisted', 'marginMode', 'rawUsd'],
  ...['spread', 'isSnapshot', 'nSigFigs', 'fast', 'coin', 'tokens'],
]);
/** Fields of one type: the role of an agent and of a sub-account, what else is asked by post. */
const KNOWN_OF: Readonly<Record<string, readonly string[]>> = {
  userRole: ['data'],
  post: ['time', 'specialStatuses', 'status', 'response'],
};
const MAPS = new Set(['mids']);
/** What is empty here: only that it is a list is judged, and what its rows would be is not. */
const EMPTY_HERE = new Set(['perpDexs', 'delegatorHistory', 'userVaultEquities', 'userTwapSliceFills', 'perpsAtOpenInterestCap']);
const ASKED_WITH: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  userNonFundingLedgerUpdates: { startTime: 0 },
  userFunding: { startTime: 0 },
  fundingHistory: { coin: 'BTC', startTime: 0 },
  candleSnapshot: { req: { coin: 'BTC', interval: '1m', startTime: 0 } },
  l2Book: { coin: 'BTC' },
  recentTrades: { coin: 'BTC' },
};

const rules = (edited: boolean, type: string): Rules => ({
  notHere: new Set([...NOT_HERE, ...(NOT_HERE_OF[type] ?? [])]),
  known: new Set([...KNOWN, ...(KNOWN_OF[type] ?? [])]),
  maps: type === 'allMids' ? new Set([...MAPS, '']) : MAPS,
  edited,
});
const isRow = (value: unknown): value is { readonly delta?: { readonly type?: string } } => typeof value === 'object' && value !== null;

/** Bodies whose rows are of several kinds, one body a kind, so that each is judged by its own; others as they are. */
function byKind(type: string, bodies: readonly unknown[]): Map<string, unknown[]> {
  if (type !== 'userNonFundingLedgerUpdates') return new Map([['', [...bodies]]]);
  const groups = new Map<string, unknown[]>();
  for (const row of bodies.flat()) {
    const kind = (isRow(row) ? row.delta?.type : undefined) ?? '';
    groups.set(kind, [...(groups.get(kind) ?? []), [row]]);
  }
  return groups;
}

const title = ({ kind, type, from }: Sample): string => `${kind} ${type}, ${from}`;

let venue: LivedInVenue;
/** Everything we say of a kind: the answers to everybody, or all messages of a channel. */
async function ours({ kind, type }: Pick<Sample, 'kind' | 'type'>): Promise<readonly unknown[]> {
  if (kind === 'ws') return venue.said(type);
  const { users, sub } = venue;
  const [builder] = users;
  return Promise.all([...users, sub].map((user) => venue.info({ type, user, builder, ...ASKED_WITH[type] })));
}

beforeAll(async () => {
  venue = await openLivedInVenue();
});
afterAll(() => venue.close());

describe('every recorded sample has the shape of what we say', () => {
  const ruled = samples.filter(({ type }) => !EMPTY_HERE.has(type));
  test.each(ruled.map((sample) => ({ name: title(sample), sample })))('$name', async ({ sample }) => {
    const said = await ours(sample);
    expect(said.length, 'nothing of this kind was said').toBeGreaterThan(0);
    const own = byKind(sample.type, said);
    for (const [kind, bodies] of byKind(sample.type, [sample.body])) {
      if (LEDGER_ELSEWHERE.has(kind)) continue;
      expect(missing(shapeOf(bodies), shapeOf(own.get(kind) ?? []), rules(sample.edited === true, sample.type)), kind).toEqual([]);
      expect(own.has(kind), `nothing of the kind ${kind}`).toBe(true);
    }
  });

  test.each(samples.filter(({ type }) => EMPTY_HERE.has(type)).map((sample) => ({ name: title(sample), sample })))(
    '$name, a list',
    async ({ sample }) => {
      for (const answer of await ours(sample)) expect(Array.isArray(answer)).toBe(Array.isArray(sample.body));
    },
  );
});

describe('nothing we say has a field or a form the venue does not write', () => {
  const strict = samples.filter(({ edited, type }) => edited !== true && !EMPTY_HERE.has(type));
  const types = [...new Map(strict.map(({ kind, type }) => [`${kind} ${type}`, { kind, type }])).entries()];
  test.each(types.map(([name, of]) => ({ name, of })))('$name', async ({ of }) => {
    const theirs = samples.filter(({ kind, type }) => kind === of.kind && type === of.type).map(({ body }) => body);
    const recorded = byKind(of.type, theirs);
    for (const [kind, bodies] of byKind(of.type, await ours(of)))
      expect(invented(shapeOf(bodies), shapeOf(recorded.get(kind) ?? []), rules(false, of.type)), kind).toEqual([]);
  });
});

describe('words are those of the venue', () => {
  const WORDS: Readonly<Record<string, readonly string[]>> = {
    side: ['A', 'B'],
    tif: ['Gtc', 'Ioc', 'Alo', 'FrontendMarket', 'LiquidationMarket'],
    orderType: ['Limit', 'Market', 'Stop Market', 'Stop Limit', 'Take Profit Market', 'Take Profit Limit'],
    dir: [
      ...['Open Long', 'Close Long', 'Open Short', 'Close Short', 'Long > Short', 'Short > Long'],
      ...['Liquidated Cross Long', 'Liquidated Cross Short', 'Liquidated Isolated Long', 'Liquidated Isolated Short'],
    ],
    feeToken: ['USDC'],
    method: ['market', 'backstop'],
  };

  function collect(value: unknown, seen: Map<string, Set<unknown>>): void {
    if (Array.isArray(value)) for (const item of value) collect(item, seen);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (typeof inner === 'string') seen.set(key, (seen.get(key) ?? new Set()).add(inner));
        collect(inner, seen);
      }
    }
  }

  test('sides, times in force, order types, directions, fee tokens', async () => {
    const seen = new Map<string, Set<unknown>>();
    for (const type of ['frontendOpenOrders', 'historicalOrders', 'userFills']) collect(await ours({ kind: 'info', type }), seen);
    for (const [key, words] of Object.entries(WORDS)) {
      const own = [...(seen.get(key) ?? [])];
      expect(own.length, key).toBeGreaterThan(0);
      expect(words, key).toEqual(expect.arrayContaining(own));
    }
    // What happened on the way here shows most of them.
    expect([...(seen.get('orderType') ?? [])].sort()).toEqual([
      'Limit',
      'Market',
      'Stop Market',
      'Take Profit Limit',
      'Take Profit Market',
    ]);
    expect([...(seen.get('status') ?? [])]).toEqual(
      expect.arrayContaining([
        'open',
        'filled',
        'canceled',
        'minTradeNtlRejected',
        'badAloPxRejected',
        'iocCancelRejected',
        'perpMarginRejected',
      ]),
    );
  });
});

const SHARED = new URL('../../../shared/', import.meta.url);

describe.skipIf(!existsSync(new URL('data/INDEX.md', SHARED)))('the fixture holds all there is', () => {
  /** Recordings that are judged elsewhere, or say nothing of the venue of today. */
  const LEFT_OUT: Readonly<Record<string, RegExp>> = {
    'of 2023 and 2024, of another form':
      /^samples\/(allMids__|candleSnapshot__|clearinghouseState__|frontendOpenOrders__|fundingHistory__|meta__get|l2Book__|openOrders__|userFills__|userFillsByTime__|userFunding__)/,
    'replies and transcripts, judged to the letter in replies.test.ts': /^samples\/(http_exchange_|ccxt_static_)/,
    'of node files and lists, no message of the venue': /^samples\/(node_L4|INDEX)/,
    'the answers of other dexs and tokens, by hand':
      /^api_hl\/nautilus\/(http_all_perp_metas|http_spot_meta|http_meta_perp|http_clearinghouse_state_negative|http_l2_book)/,
    'by hand, with zeros no venue writes': /^ws_hl\/nautilus\/ws_book_data/,
    'the list of the testnet, in testnet-meta.json': /^api_hl\/(meta_TESTNET|observed_decimals)/,
    'replies, judged to the letter': /^api_hl\/jkorf\/(Futures_Trading_SetLeverage|Spot_Trading_PlaceOrder)/,
    'a token, which is not here': /^api_hl\/jkorf\/(Spot_ExchangeData_GetAssetInfo|Spot_Account_GetExtraAgents)/,
    'the recordings the samples were taken from': /^api_hl\/sdk_cassettes\//,
  };

  test('every recording is judged, or left out for a reason', () => {
    const judged = new Set(samples.flatMap(({ from }) => from.split(' ')));
    const files = ['hyperliquid/samples', 'data/api_hl', 'data/ws_hl'].flatMap((folder) =>
      readdirSync(new URL(folder, SHARED), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => `${entry.parentPath}/${entry.name}`.replace(/^.*\/(samples|api_hl|ws_hl)\//, '$1/')),
    );
    expect(files.length).toBeGreaterThan(80);
    const reasons = Object.values(LEFT_OUT);
    expect(files.filter((file) => !judged.has(file) && !reasons.some((reason) => reason.test(file)))).toEqual([]);
    for (const [why, reason] of Object.entries(LEFT_OUT))
      expect(
        files.some((file) => reason.test(file)),
        why,
      ).toBe(true);
  });
});
