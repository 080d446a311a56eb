/** /info about tokens, about lending them, and about what the dex holds of them (PROTOCOL §8). */
import { usdText } from './decimal-text.ts';
import { integer, type JsonObject, string } from './fields.ts';
import type { InfoReader, InfoSources } from './info-account.ts';
import { NoAnswer } from './info-market.ts';
import type { Row } from './rows.ts';
import { SPOT_META } from './spot.ts';

const USDC = 0;
/** What mainnet states of USDC; the other tokens have none of theirs here. */
const MAX_USDC = '1000000000000.0';

/** A token by its id. USDC is as many dollars as accounts have brought; of the others, listed and never issued, there is nothing. */
function tokenDetails({ bank }: InfoSources, request: JsonObject): Row {
  const tokenId = string(request, 'tokenId').toLowerCase();
  const token = SPOT_META.tokens.find((listed) => listed.tokenId === tokenId);
  if (token === undefined) throw new NoAnswer(`token ${tokenId.slice(0, 40)} is unknown`);
  const isUsdc = token.index === USDC;
  const { perp, spot } = bank.totals();
  const supply = isUsdc ? usdText(perp + spot) : '0.0';
  const px = isUsdc ? '1.0' : '0.0';
  return {
    name: token.name,
    maxSupply: isUsdc ? MAX_USDC : '0.0',
    totalSupply: supply,
    circulatingSupply: supply,
    szDecimals: token.szDecimals,
    weiDecimals: token.weiDecimals,
    midPx: px,
    markPx: px,
    prevDayPx: px,
    genesis: null,
    deployer: null,
    deployGas: null,
    deployTime: null,
    seededUsdc: '0.0',
    nonCirculatingUserBalances: [],
    futureEmissions: '0.0',
  };
}

/** The reserve of USDC, into which nobody has paid: borrowing is quoted at the 5 % it costs while next to nothing is lent. */
const EMPTY_RESERVE = {
  borrowYearlyRate: '0.05',
  supplyYearlyRate: '0.0',
  balance: '0.0',
  utilization: '0.0',
  oraclePx: '1.0',
  ltv: '0.0',
  totalSupplied: '0.0',
  totalBorrowed: '0.0',
};

function borrowLendReserveState(_sources: InfoSources, request: JsonObject): unknown {
  const token = integer(request, 'token');
  if (token !== USDC) throw new NoAnswer(`token ${token} cannot be lent`);
  return EMPTY_RESERVE;
}

/** /info requests about tokens, by type. */
export const TOKEN_READERS: Readonly<Record<string, InfoReader>> = {
  tokenDetails,
  borrowLendReserveState,
  allBorrowLendReserveStates: () => [[USDC, EMPTY_RESERVE]],
  perpDexStatus({ bank }, request) {
    string(request, 'dex');
    return { totalNetDeposit: usdText(bank.totals().perp) };
  },
};
