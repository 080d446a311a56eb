import type { Venue } from '../matching/contract.ts';
import { type Bank, REFERRER_VOLUME_USD } from './bank.ts';
import { usdText } from './decimal-text.ts';
import type { Address } from './fields.ts';
import type { Row } from './rows.ts';

/** Codes of the settings belong to no account. */
const NOBODY = `0x${'0'.repeat(40)}`;

/** How far an account has come to referring others: it must have traded, then make a code. */
function referrerState(venue: Venue, bank: Bank, user: Address): Row {
  const code = bank.referralCode(user);
  if (code !== null) {
    const referred = bank.referredBy(code);
    // A discount is all there is to a referral here: nothing of a fee goes to the referrer.
    const nothing = { cumRewardedFeesSinceReferred: '0.0', cumFeesRewardedToReferrer: '0.0' };
    const referralStates = referred.map(({ user: friend, atMs, volumeBefore }) => ({
      cumVlm: usdText(venue.volume(friend) - volumeBefore),
      ...nothing,
      timeJoined: atMs,
      user: friend,
      tokenToState: [],
    }));
    return { stage: 'ready', data: { code, nReferrals: referred.length, referralStates } };
  }
  if (venue.volume(user) >= REFERRER_VOLUME_USD * 1e6) return { stage: 'needToCreateCode' };
  return { stage: 'needToTrade', data: { required: usdText(REFERRER_VOLUME_USD * 1e6) } };
}

/** referral of an account: by whose code it came, and how far it is to a code of its own (PROTOCOL §8). */
export function referral(venue: Venue, bank: Bank, user: Address): Row {
  const code = bank.referrer(user);
  return {
    referredBy: code === null ? null : { referrer: bank.referralOwner(code) ?? NOBODY, code },
    cumVlm: usdText(venue.volume(user)),
    unclaimedRewards: '0.0',
    claimedRewards: '0.0',
    builderRewards: usdText(venue.builderRewards(user)),
    referrerState: referrerState(venue, bank, user),
    rewardHistory: [],
    tokenToState: [],
  };
}
