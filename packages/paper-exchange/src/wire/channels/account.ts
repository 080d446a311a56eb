import { usdText } from '../decimal-text.ts';
import type { Address } from '../fields.ts';
import { activeAssetData as assetData, clearinghouseState as clearinghouse, type InfoSources, spotState as spot } from '../info-account.ts';
import type { Row } from '../rows.ts';
import { type Channel, ofUser, readCoin, readUser, SILENCE } from './channel.ts';

const clearinghouseState = ofUser((user, sources) => {
  const data = () => ({ dex: '', user, clearinghouseState: clearinghouse(sources, user, sources.venue.nowMs) });
  return { snapshot: data, push: (occasion) => (occasion.kind === 'account' ? [data()] : SILENCE) };
});

const allDexsClearinghouseState = ofUser((user, sources) => {
  const data = () => ({ user, clearinghouseStates: [['', clearinghouse(sources, user, sources.venue.nowMs)]] });
  return { snapshot: data, push: (occasion) => (occasion.kind === 'account' ? [data()] : SILENCE) };
});

const spotState = ofUser((user, sources) => {
  const data = () => ({ user, spotState: spot(sources, user) });
  return { snapshot: data, push: (occasion) => (occasion.kind === 'ledger' ? [data()] : SILENCE) };
});

const activeAssetData: Channel = {
  open(from, sources) {
    const [user, coin] = [readUser(from), readCoin(from, sources)];
    const data = () => assetData(sources, user, coin);
    return {
      about: { user, coin },
      key: `${user} ${coin}`,
      echo: from,
      snapshot: data,
      push: (occasion) => (occasion.kind === 'account' ? [data()] : SILENCE),
    };
  },
};

function webData({ agents, bank, venue }: InfoSources, user: Address): Row {
  const unnamed = agents.of(user, venue.nowMs).find((agent) => agent.name === '');
  return {
    userState: {
      agentAddress: unnamed?.address ?? null,
      agentValidUntil: unnamed?.validUntilMs ?? null,
      cumLedger: usdText(bank.netDeposits(user)),
      serverTime: venue.nowMs,
      isVault: false,
      user,
    },
    perpDexStates: [{ totalVaultEquity: '0.0', perpsAtOpenInterestCap: [], leadingVaults: [] }],
  };
}

const webData3 = ofUser((user, sources) => ({
  snapshot: () => webData(sources, user),
  push: (occasion) => (occasion.kind === 'tick' ? [webData(sources, user)] : SILENCE),
}));

/** Channels that tell the state of an account (PROTOCOL §9). */
export const ACCOUNT_CHANNELS = { clearinghouseState, allDexsClearinghouseState, spotState, activeAssetData, webData3 } as const;
