import type { AccountReads, AccountView, Fill, FundingPayment, Instruments, Transfer } from '@hyperfleet/trading';
import type { AddressCount } from './address-budget.ts';
import { VenueReadError } from './errors.ts';
import {
  type Page,
  pageOf,
  parseAccount,
  parseFeeRates,
  parseFills,
  parseFundings,
  parseOpenOrders,
  parseOrderStatus,
  parseSpotCash,
  withSpotCollateral,
} from './from-wire/account.ts';
import { parsed, textAt } from './from-wire/fields.ts';
import { type AddressRole, type ApprovedAgent, parseAgents, parseRateLimit, parseRole } from './from-wire/standing.ts';
import { parseTransfers } from './from-wire/transfers.ts';
import { readHistory } from './history.ts';
import { type InfoOptions, openInfo } from './info.ts';
import type { Address } from './signer.ts';

export interface AccountReadsOptions extends InfoOptions {
  /** The account itself, never an agent's address: for that the venue silently answers nothing (PROTOCOL §8). */
  readonly account: Address;
  readonly instruments: Instruments;
  /** What `hasSpotCollateral` answered before, where somebody has asked: it weighs 20. */
  readonly hasSpotCollateral?: boolean;
}

/** `AccountReads` of the venue itself. */
export interface VenueAccountReads extends AccountReads {
  /** Whether the collateral is in the spot state, so that streamed clearinghouseState says nothing of equity. */
  hasSpotCollateral(): Promise<boolean>;
  /** What the venue says an address is. Weighs 60. */
  role(address: Address): Promise<AddressRole>;
  /** The account's named agents. */
  agents(): Promise<readonly ApprovedAgent[]>;
  /** What the account has sent to /exchange and may send, as the venue counts it. */
  rateLimit(): Promise<AddressCount>;
  /** Whether nothing is asked just now because the last answers about this account made no sense. */
  isShut(): boolean;
  close(): void;
}

/** Where the collateral of an account is: `spot` for unified and portfolio-margin accounts. */
type Collateral = 'perps' | 'spot';

/** Rows below which a page is the last; the venue was seen with limits from 500 to 2000 (PROTOCOL §8). */
const SHORT_PAGE = 500;

/** One account's state, asked from the venue's /info (PROTOCOL §8). Every method throws `VenueReadError`. */
export function openAccountReads(options: AccountReadsOptions): VenueAccountReads {
  const { instruments } = options;
  const info = openInfo(options);
  const user: Address = `0x${options.account.slice(2).toLowerCase()}`;
  const known = options.hasSpotCollateral;
  let collateral: Collateral | null = known === undefined ? null : known ? 'spot' : 'perps';

  const spotCash = () => info.ask({ type: 'spotClearinghouseState', user }, parseSpotCash);

  /** The mode, asked once. A venue that does not know the request has standard accounts only. */
  async function askCollateral(): Promise<Collateral> {
    try {
      const mode = await info.ask({ type: 'userAbstraction', user }, (reply) => parsed(() => textAt(reply, 'userAbstraction')));
      return mode === 'unifiedAccount' || mode === 'portfolioMargin' ? 'spot' : 'perps';
    } catch (error) {
      if (error instanceof VenueReadError && error.code === 'VENUE_REFUSED') return 'perps';
      throw error;
    }
  }

  /** An account that shows nothing may have been switched to the spot state since the mode was asked. */
  async function emptyAccount(view: AccountView): Promise<AccountView> {
    const cash = await spotCash();
    if (cash.total === 0) return view;
    collateral = await askCollateral();
    return collateral === 'spot' ? withSpotCollateral(view, cash) : view;
  }

  const fillsPage = (range: {
    readonly startMs: number;
    readonly endMs: number | null;
    readonly newestFirst: boolean;
  }): Promise<Page<Fill>> => {
    const { startMs, endMs, newestFirst } = range;
    const request = {
      type: 'userFillsByTime',
      user,
      startTime: startMs,
      ...(endMs === null ? {} : { endTime: endMs }),
      ...(newestFirst ? { reversed: true } : {}),
    };
    return info.ask(request, (reply) => pageOf(reply, parseFills(reply, user, instruments)));
  };

  return {
    async hasSpotCollateral() {
      collateral ??= await askCollateral();
      return collateral === 'spot';
    },
    async account(): Promise<AccountView> {
      collateral ??= await askCollateral();
      const view = await info.ask({ type: 'clearinghouseState', user }, (reply) => parseAccount(reply, instruments));
      if (collateral === 'spot') return withSpotCollateral(view, await spotCash());
      return view.equity === 0 && view.positions.length === 0 ? emptyAccount(view) : view;
    },
    openOrders: () => info.ask({ type: 'frontendOpenOrders', user }, (reply) => parseOpenOrders(reply, instruments)),
    async orderByCloid(cloid, coin) {
      const instrument = instruments.get(coin);
      if (instrument === undefined) throw new VenueReadError('VENUE_REFUSED', `coin ${coin} is not in the venue's meta`);
      return info.ask({ type: 'orderStatus', user, oid: cloid }, (reply) => parseOrderStatus(reply, instrument));
    },
    fillsSince: (startMs): Promise<readonly Fill[]> =>
      readHistory(startMs, {
        name: 'fills',
        ask: fillsPage,
        timeMs: ({ timeMs }) => timeMs,
        key: ({ coin, timeMs, tid }) => `${coin}:${timeMs}:${tid}`,
        shortPage: SHORT_PAGE,
        hasNewestFirst: true,
      }),
    fundingSince: (startMs): Promise<readonly FundingPayment[]> =>
      readHistory(startMs, {
        name: 'funding payments',
        ask: (range) =>
          info.ask({ type: 'userFunding', user, startTime: range.startMs }, (reply) => pageOf(reply, parseFundings(reply, instruments))),
        timeMs: ({ timeMs }) => timeMs,
        key: ({ coin, timeMs }) => `${coin}:${timeMs}`,
        shortPage: SHORT_PAGE,
        hasNewestFirst: false,
      }),
    async transfersSince(startMs): Promise<readonly Transfer[]> {
      collateral ??= await askCollateral();
      const owner = { account: user, hasSpotCollateral: collateral === 'spot' };
      return readHistory(startMs, {
        name: 'transfers',
        ask: (range) =>
          info.ask({ type: 'userNonFundingLedgerUpdates', user, startTime: range.startMs }, (reply) =>
            pageOf(reply, parseTransfers(reply, owner)),
          ),
        timeMs: ({ timeMs }) => timeMs,
        key: ({ key }) => key,
        shortPage: SHORT_PAGE,
        hasNewestFirst: false,
      });
    },
    feeRates: () => info.ask({ type: 'userFees', user }, parseFeeRates),
    role: (address) => info.ask({ type: 'userRole', user: `0x${address.slice(2).toLowerCase()}` }, parseRole),
    agents: () => info.ask({ type: 'extraAgents', user }, parseAgents),
    rateLimit: () => info.ask({ type: 'userRateLimit', user }, parseRateLimit),
    isShut: () => info.isShut(),
    close: () => info.close(),
  };
}
