/** The pages a web front end asks for: everything about an account in one answer (PROTOCOL §8, §9). */
import { usdText } from './decimal-text.ts';
import type { Address } from './fields.ts';
import { clearinghouseState, frontendOrders, type InfoSources, spotState } from './info-account.ts';
import { assetCtxs, meta, perpsAtCap } from './info-market.ts';
import type { Row } from './rows.ts';
import { SPOT_CTXS } from './spot.ts';

/** Who may act for the account without a name, and what the account has paid in. */
function ownerRow({ agents, bank }: InfoSources, user: Address, nowMs: number): Row {
  const unnamed = agents.of(user, nowMs).find((agent) => agent.name === '');
  return {
    agentAddress: unnamed?.address ?? null,
    agentValidUntil: unnamed?.validUntilMs ?? null,
    cumLedger: usdText(bank.netDeposits(user)),
  };
}

/** webData2: the account, the universe with its contexts, and no vaults and no TWAP orders. */
export function webData2(sources: InfoSources, user: Address, nowMs: number): Row {
  return {
    clearinghouseState: clearinghouseState(sources, user, nowMs),
    leadingVaults: [],
    totalVaultEquity: '0.0',
    openOrders: frontendOrders(sources, user),
    ...ownerRow(sources, user, nowMs),
    meta: meta(sources),
    assetCtxs: assetCtxs(sources, nowMs),
    serverTime: nowMs,
    isVault: false,
    user,
    twapStates: [],
    spotState: spotState(sources, user),
    spotAssetCtxs: SPOT_CTXS,
    perpsAtOpenInterestCap: perpsAtCap(sources),
  };
}

/** webData3: the account's owner and one row a perp dex, of which there is one. */
export function webData3(sources: InfoSources, user: Address, nowMs: number): Row {
  return {
    userState: { ...ownerRow(sources, user, nowMs), serverTime: nowMs, isVault: false, user },
    perpDexStates: [{ totalVaultEquity: '0.0', perpsAtOpenInterestCap: perpsAtCap(sources), leadingVaults: [] }],
  };
}
