import { readdirSync, readFileSync } from 'node:fs';
import { faultNames } from '@hyperfleet/paper-exchange';
import { describe, expect, test } from 'vitest';

/**
 * Nothing the exchange says or takes goes unproved: every question, channel, action, form of reply and refusal in its code has a
 * recorded sample, or a test named here for it. The lists are the code's own, so what is added there without either fails here.
 */
const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const filesIn = (folder: string, matching: RegExp): string[] =>
  readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' }).flatMap((name) =>
    matching.test(name) ? [`${folder}/${name}`] : [],
  );

const { infos, channels, actions } = faultNames([]);

interface Line {
  readonly kind: string;
  readonly type: string;
}
const samples: readonly Line[] = read('test/fixtures/wire/samples.jsonl')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const sampled = (kind: string): ReadonlySet<string> => new Set(samples.flatMap((it) => (it.kind === kind ? [it.type] : [])));

/** A test by its file in test/conformance and its title, or its file and the part of a table that is one test each. */
type Proof = readonly [file: string, title: string];
const EMPTY: Proof = ['elsewhere.test.ts', 'what is not here is answered as for an account that never touched it'];

/** Questions no recording of 2025 or 2026 answers. */
const INFO_TESTS: Readonly<Record<string, Proof>> = {
  orderStatus: ['venues.test.ts', 'takes an order through its life: placed, found by every name, modified, cancelled once'],
  userFees: ['venues.test.ts', 'trades: a fill as it should be, a position, and its close by a reduce-only order that asks for too much'],
  userFillsByTime: ['elsewhere.test.ts', 'userFillsByTime has both ends, oldest first, or newest first when reversed'],
  allPerpMetas: ['elsewhere.test.ts', 'maxMarketOrderNtls, marginTable and allPerpMetas agree with meta'],
  maxMarketOrderNtls: ['elsewhere.test.ts', 'maxMarketOrderNtls, marginTable and allPerpMetas agree with meta'],
  marginTable: ['elsewhere.test.ts', 'maxMarketOrderNtls, marginTable and allPerpMetas agree with meta'],
  exchangeStatus: ['elsewhere.test.ts', 'exchangeStatus and predictedFundings tell the time'],
  predictedFundings: ['elsewhere.test.ts', 'exchangeStatus and predictedFundings tell the time'],
  activeAssetData: ['elsewhere.test.ts', 'activeAssetData and referral have what a client sizes and greets with'],
  referral: ['elsewhere.test.ts', 'activeAssetData and referral have what a client sizes and greets with'],
  approvedBuilders: ['elsewhere.test.ts', 'approvedBuilders lists who may charge, and maxBuilderFee how much'],
  batchClearinghouseStates: ['elsewhere.test.ts', 'batchClearinghouseStates answers for several accounts at once'],
  webData2: ['elsewhere.test.ts', 'webData2 is the whole page: account, orders, universe, contexts'],
  preTransferCheck: ['elsewhere.test.ts', 'preTransferCheck knows who exists and who has acted'],
  ...Object.fromEntries(
    [
      ...['perpDexLimits', 'perpCategories', 'perpConciseAnnotations', 'perpAnnotation', 'outcomeMeta', 'outcomeTemplates', 'liquidatable'],
      ...['delegations', 'delegatorSummary', 'delegatorRewards', 'validatorSummaries', 'validatorL1Votes', 'gossipRootIps'],
      ...['vaultSummaries', 'vaultDetails', 'leadingVaults', 'userBorrowLendInterest'],
      ...[
        'userToMultiSigSigners',
        'userDexAbstraction',
        'userAbstraction',
        'legalCheck',
        'isVip',
        'twapHistory',
        'userTwapSliceFillsByTime',
      ],
    ].map((type) => [type, EMPTY]),
  ),
  ...Object.fromEntries(
    [
      ...['perpDeployAuctionStatus', 'spotPairDeployAuctionStatus', 'spotDeployState', 'settledOutcome', 'gossipPriorityAuctionStatus'],
      ...['usdcRouting', 'borrowLendUserState', 'allBorrowLendReserveStates', 'borrowLendReserveState', 'perpDexStatus', 'tokenDetails'],
    ].map((type): [string, Proof] => [type, ['nktkas-info.test.ts', 'every question of the stock client']]),
  ),
};

const WHOLE_ACCOUNT: Proof = ['nktkas.test.ts', 'gets snapshots and updates of its account, and posts actions'];

/** Channels no recording has a message of. */
const CHANNEL_TESTS: Readonly<Record<string, Proof>> = {
  assetCtxs: WHOLE_ACCOUNT,
  allDexsClearinghouseState: WHOLE_ACCOUNT,
  clearinghouseState: WHOLE_ACCOUNT,
  openOrders: WHOLE_ACCOUNT,
  twapStates: WHOLE_ACCOUNT,
  userTwapHistory: WHOLE_ACCOUNT,
  userTwapSliceFills: WHOLE_ACCOUNT,
  spotAssetCtxs: ['streams.test.ts', 'of spot pairs come on a channel of their own, and never move'],
  outcomeMetaUpdates: ['streams.test.ts', 'of spot pairs come on a channel of their own, and never move'],
  fastAssetCtxs: ['streams.test.ts', 'fastAssetCtxs begins with every mark and mid, then tells what moved, packed'],
  webData2: ['streams.test.ts', 'perpsAtOpenInterestCap and the pages name what has reached its cap'],
  webData3: ['streams.test.ts', 'perpsAtOpenInterestCap and the pages name what has reached its cap'],
  userNonFundingLedgerUpdates: ['streams.test.ts', 'the ledger, the history and the state of an account come as they change'],
  userHistoricalOrders: ['streams.test.ts', 'the ledger, the history and the state of an account come as they change'],
  spotState: ['streams.test.ts', 'the ledger, the history and the state of an account come as they change'],
  activeAssetData: ['streams.test.ts', 'the ledger, the history and the state of an account come as they change'],
};

/** The messages of userEvents come on the channel `user`. */
const CHANNEL_WORD: Readonly<Record<string, string>> = { userEvents: 'user' };

/** Texts in the code that no client is told. */
const UNSAID: readonly RegExp[] = [/^(POST|HTTP\/1\.1) /, /^(EIP712Domain|Agent|HyperliquidTransaction:)/, /^Inactive$/];
/** Refusals that a body which was read cannot bring about: they only tell the compiler so. */
const UNREACHABLE = new Set(['Invalid agent address.']);

const proofs = (name: string, tests: Readonly<Record<string, Proof>>): string[] => {
  const proof = tests[name];
  if (proof === undefined) return [`${name}: no sample and no test`];
  const [file, title] = proof;
  const text = read(`test/conformance/${file}`);
  return [
    ...(text.includes(`'${title}'`) ? [] : [`${name}: ${file} has no test '${title}'`]),
    ...(text.includes(name) ? [] : [`${name}: ${file} does not name it`]),
  ];
};

describe('everything there is has a sample or a test', () => {
  test('every question', () => {
    expect(infos.length).toBeGreaterThan(50);
    const recorded = sampled('info');
    expect(infos.filter((type) => !recorded.has(type)).flatMap((type) => proofs(type, INFO_TESTS))).toEqual([]);
    expect(
      Object.keys(INFO_TESTS).filter((type) => !infos.includes(type) || recorded.has(type)),
      'no such question, or it has a sample',
    ).toEqual([]);
  });

  test('every channel', () => {
    expect(channels.length).toBeGreaterThan(25);
    const recorded = sampled('ws');
    const word = (channel: string): string => CHANNEL_WORD[channel] ?? channel;
    expect(channels.filter((channel) => !recorded.has(word(channel))).flatMap((channel) => proofs(channel, CHANNEL_TESTS))).toEqual([]);
    expect(
      Object.keys(CHANNEL_TESTS).filter((channel) => !channels.includes(channel) || recorded.has(word(channel))),
      'no such channel, or it has a sample',
    ).toEqual([]);
  });

  test('every action is asked of the exchange by a test, and answered', () => {
    expect(actions.length).toBeGreaterThan(25);
    const tests = filesIn('test/conformance', /\.test\.ts$/)
      .map(read)
      .join('\n');
    const support = read('test/support/lived-in-venue.ts');
    const asked = (action: string): boolean => new RegExp(`\\.${action}\\(|type: '${action}'`).test(tests + support);
    expect(actions.filter((action) => !asked(action))).toEqual([]);
  });

  test('every form of reply', () => {
    const contract = read('packages/paper-exchange/src/matching/contract.ts');
    const perform = read('packages/paper-exchange/src/wire/perform.ts');
    const typeOf = (source: string, name: string): string =>
      new RegExp(`export type ${name} =([\\s\\S]*?);\\n(?:\\n|/\\*\\*)`).exec(source)?.[1] ?? '';
    const declared = typeOf(contract, 'OrderStatusReply') + typeOf(contract, 'ActionReply') + typeOf(perform, 'ExchangeReply');
    const words = [...declared.matchAll(/'(\w+)'/g), ...typeOf(contract, 'OrderStatusReply').matchAll(/\| \{ readonly (\w+):/g)].map(
      (match) => match[1] ?? '',
    );
    const forms = new Set(words);
    expect([...forms]).toEqual(
      expect.arrayContaining([
        'resting',
        'filled',
        'error',
        'waitingForFill',
        'waitingForTrigger',
        'success',
        'ok',
        'err',
        'default',
        'createSubAccount',
      ]),
    );
    const told = [
      read('test/fixtures/wire/replies.jsonl'),
      read('test/fixtures/wire/testnet-transcript.jsonl'),
      ...filesIn('test/conformance', /\.test\.ts$/).map(read),
    ].join('\n');
    expect([...forms].filter((form) => !told.includes(`"${form}"`) && !told.includes(`'${form}'`) && !told.includes(`{ ${form}:`))).toEqual(
      [],
    );
  });
});

describe('every text a client is told is in a test or a recording', () => {
  /** Texts in the code: what begins with a capital and has a space, outside of comments and of errors of our own. */
  function texts(source: string): string[] {
    const code = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/[^\n]*/g, '');
    return [...code.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g)].flatMap((match) => {
      const text = match[1] ?? match[2] ?? '';
      const before = code.slice(Math.max(0, match.index - 40), match.index);
      const isOurs = /new \w*(Error|Refusal|Unfit|NoAnswer|BadSubscription)\(\s*$/.test(before);
      return /^[A-Z].* /.test(text) && !isOurs && !UNSAID.some((unsaid) => unsaid.test(text)) ? [text] : [];
    });
  }

  const code = ['matching', 'wire', 'limits'].flatMap((folder) =>
    filesIn(`packages/paper-exchange/src/${folder}`, /^(?!.*(\.test\.ts|testing)).*\.ts$/),
  );
  const spoken = code
    .filter((file) => !file.endsWith('refusal-words.ts'))
    .flatMap((file) => texts(read(file)).map((text) => ({ file, text })));
  const proved = [
    ...filesIn('test/conformance', /\.test\.ts$/).filter((file) => !file.endsWith('coverage.test.ts')),
    ...filesIn('packages/paper-exchange/src', /\.test\.ts$/),
    ...filesIn('test/fixtures/wire', /\.jsonl$/),
  ]
    .map(read)
    .join('\n')
    .replaceAll('\\"', '"');
  /** The parts of a text between what is put into it. */
  const parts = (text: string): string[] =>
    text
      .split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/)
      .map((part) => part.trim())
      .filter((part) => part.length > 3);

  test('none is without', () => {
    expect(spoken.length).toBeGreaterThan(80);
    const unproved = spoken.filter(({ text }) => !UNREACHABLE.has(text) && !parts(text).every((part) => proved.includes(part)));
    expect(unproved).toEqual([]);
  });
});
