/**
 * /info about what the venue has beside perpetuals: staking, vaults, lending, other dexs, deployments. None of it exists here,
 * so every answer is the one the venue gives for an account that never touched it.
 */
import { usdText } from './decimal-text.ts';
import { address, integer, type JsonObject, string } from './fields.ts';
import type { InfoReader, InfoSources } from './info-account.ts';
import { SPOT_CTXS, SPOT_META } from './spot.ts';

/** An answer that is the same for every account, which must be named. */
const ofAnyone =
  (answer: unknown): InfoReader =>
  (_sources, request) => {
    address(request, 'user');
    return answer;
  };

const always =
  (answer: unknown): InfoReader =>
  () =>
    answer;

/** What of a transfer to `user` from `source` would be kept, and whether both are known. */
function preTransferCheck({ venue, bank }: InfoSources, request: JsonObject): unknown {
  const user = address(request, 'user');
  address(request, 'source');
  const userExists = venue.exists(user);
  const fee = userExists ? '0.0' : usdText(venue.settings.activationFee);
  return { fee, isSanctioned: false, userExists, userHasSentTx: bank.requestsUsed(user) > 0 };
}

/** No vault has this address, whoever asks. */
function vaultDetails(_sources: InfoSources, request: JsonObject): unknown {
  address(request, 'vaultAddress');
  return null;
}

/** No gas auction has been held, and none is on. */
const NO_AUCTION = { startTimeSeconds: 0, durationSeconds: 0, startGas: '0.0', currentGas: null, endGas: '0.0' };

/** /info requests about what is not here, by type. */
export const ELSEWHERE_READERS: Readonly<Record<string, InfoReader>> = {
  spotMeta: always(SPOT_META),
  spotMetaAndAssetCtxs: always([SPOT_META, SPOT_CTXS]),
  outcomeMeta: always({ outcomes: [], questions: [] }),
  outcomeTemplates: always([]),
  perpDexs: always([null]),
  perpDexLimits: (_sources, request) => {
    string(request, 'dex');
    return null;
  },
  perpCategories: always([]),
  perpConciseAnnotations: always([]),
  perpAnnotation: (_sources, request) => {
    string(request, 'coin');
    return null;
  },
  perpDeployAuctionStatus: always(NO_AUCTION),
  spotPairDeployAuctionStatus: always(NO_AUCTION),
  spotDeployState: ofAnyone({ states: [], gasAuction: NO_AUCTION }),
  settledOutcome: (_sources, request) => {
    integer(request, 'outcome');
    return null;
  },
  delegations: ofAnyone([]),
  delegatorSummary: ofAnyone({ delegated: '0.0', undelegated: '0.0', totalPendingWithdrawal: '0.0', nPendingWithdrawals: 0 }),
  delegatorHistory: ofAnyone([]),
  delegatorRewards: ofAnyone([]),
  validatorSummaries: always([]),
  validatorL1Votes: always([]),
  gossipRootIps: always([]),
  gossipPriorityAuctionStatus: always([[], []]),
  usdcRouting: always({ depositRoute: 'bridge', withdrawalRoute: 'bridge' }),
  vaultSummaries: always([]),
  vaultDetails,
  leadingVaults: ofAnyone([]),
  userVaultEquities: ofAnyone([]),
  borrowLendUserState: ofAnyone({ tokenToState: [], health: 'healthy', healthFactor: null }),
  userBorrowLendInterest: (_sources, request) => {
    address(request, 'user');
    integer(request, 'startTime');
    return [];
  },
  userToMultiSigSigners: ofAnyone(null),
  userDexAbstraction: ofAnyone(null),
  userAbstraction: ofAnyone('disabled'),
  legalCheck: ofAnyone({ acceptedTerms: true, userAllowed: true, restrictions: 'n' }),
  preTransferCheck,
  isVip: ofAnyone(false),
  twapHistory: ofAnyone([]),
  userTwapSliceFills: ofAnyone([]),
  userTwapSliceFillsByTime: (_sources, request) => {
    address(request, 'user');
    integer(request, 'startTime');
    return [];
  },
};
