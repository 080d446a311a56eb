import { activeAssetData as assetData, clearinghouseState as clearinghouse, spotState as spot } from '../info-account.ts';
import { webData2 as page2, webData3 as page3 } from '../web-data.ts';
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

const webData2 = ofUser((user, sources) => {
  const data = () => page2(sources, user, sources.venue.nowMs);
  return { snapshot: data, push: (occasion) => (occasion.kind === 'tick' ? [data()] : SILENCE) };
});

const webData3 = ofUser((user, sources) => {
  const data = () => page3(sources, user, sources.venue.nowMs);
  return { snapshot: data, push: (occasion) => (occasion.kind === 'tick' ? [data()] : SILENCE) };
});

/** Channels that tell the state of an account (PROTOCOL §9). */
export const ACCOUNT_CHANNELS = { clearinghouseState, allDexsClearinghouseState, spotState, activeAssetData, webData2, webData3 } as const;
