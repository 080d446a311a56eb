import { formatDecimal, type Instrument, type MicroUsd, priceDecimals } from '@hyperfleet/trading';
import type { VenueAccount, VenueEvent, VenueFill, VenueOrder, VenuePosition } from '../matching/contract.ts';
import type { LedgerRow } from './bank.ts';
import { finePxText, nearestRatioText, pxText, rateText, ratioText, szText, usdText } from './decimal-text.ts';

/** A JSON body or a part of one. */
export type Row = { readonly [key: string]: unknown };

type Scaled = Pick<Instrument, 'szDecimals'>;

const sideWord = (side: 'buy' | 'sell'): 'A' | 'B' => (side === 'buy' ? 'B' : 'A');

/** An order as openOrders and orderUpdates have it: cloid and reduceOnly only when set (PROTOCOL §8, §9). */
export function basicOrderRow(order: VenueOrder, instrument: Scaled): Row {
  return {
    coin: order.coin,
    side: sideWord(order.side),
    limitPx: pxText(order.px, instrument),
    sz: szText(order.sz, instrument),
    oid: order.oid,
    timestamp: order.timestampMs,
    origSz: szText(order.origSz, instrument),
    ...(order.cloid === null ? {} : { cloid: order.cloid }),
    ...(order.reduceOnly ? { reduceOnly: true } : {}),
  };
}

function orderType(order: VenueOrder): string {
  if (!order.isTrigger) return order.tif === 'FrontendMarket' || order.tif === 'LiquidationMarket' ? 'Market' : 'Limit';
  return `${order.tpsl === 'tp' ? 'Take Profit' : 'Stop'} ${order.isMarket ? 'Market' : 'Limit'}`;
}

/** "Price above 10.004": the direction a sell take-profit and a buy stop wait for (PROTOCOL §6). */
function triggerCondition(order: VenueOrder, instrument: Scaled): string {
  if (!order.isTrigger || order.triggerPx === null) return 'N/A';
  const above = (order.side === 'sell') === (order.tpsl === 'tp');
  return `Price ${above ? 'above' : 'below'} ${formatDecimal(order.triggerPx, priceDecimals(instrument))}`;
}

/** An order in full, as frontendOpenOrders, orderStatus and historicalOrders have it. `children` are rows of its children. */
export function fullOrderRow(order: VenueOrder, instrument: Scaled, children: readonly Row[]): Row {
  return {
    coin: order.coin,
    side: sideWord(order.side),
    limitPx: pxText(order.px, instrument),
    sz: szText(order.sz, instrument),
    oid: order.oid,
    timestamp: order.timestampMs,
    triggerCondition: triggerCondition(order, instrument),
    isTrigger: order.isTrigger,
    triggerPx: order.triggerPx === null ? '0.0' : pxText(order.triggerPx, instrument),
    children,
    isPositionTpsl: order.isPositionTpsl,
    reduceOnly: order.reduceOnly,
    orderType: orderType(order),
    origSz: szText(order.origSz, instrument),
    tif: order.isTrigger ? null : order.tif,
    cloid: order.cloid,
  };
}

/** A fill as recorded ones are laid out (PROTOCOL §7). */
export function fillRow(fill: VenueFill, instrument: Scaled): Row {
  return {
    coin: fill.coin,
    px: pxText(fill.px, instrument),
    sz: szText(fill.sz, instrument),
    side: sideWord(fill.side),
    time: fill.timeMs,
    startPosition: szText(fill.startPosition, instrument),
    dir: fill.dir,
    closedPnl: usdText(fill.closedPnl),
    hash: fill.hash,
    oid: fill.oid,
    crossed: fill.crossed,
    fee: usdText(fill.fee),
    ...(fill.builderFee === null ? {} : { builderFee: usdText(fill.builderFee) }),
    tid: fill.tid,
    ...(fill.cloid === null ? {} : { cloid: fill.cloid }),
    ...(fill.liquidation === null
      ? {}
      : {
          liquidation: {
            liquidatedUser: fill.liquidation.liquidatedUser,
            markPx: finePxText(fill.liquidation.markPx, instrument),
            method: fill.liquidation.method,
          },
        }),
    feeToken: 'USDC',
    twapId: null,
  };
}

/** Fills of one order at one time made one row: sizes, fees and PnL summed, the price averaged. */
export function aggregateFills(fills: readonly VenueFill[], instrumentOf: (coin: string) => Scaled): readonly Row[] {
  const groups: VenueFill[][] = [];
  for (const fill of fills) {
    const last = groups.at(-1);
    const head = last?.[0];
    if (last !== undefined && head?.oid === fill.oid && head.timeMs === fill.timeMs && head.crossed === fill.crossed) last.push(fill);
    else groups.push([fill]);
  }
  return groups.map((group) => {
    const [first, ...more] = group;
    if (first === undefined) return {};
    const instrument = instrumentOf(first.coin);
    const row = fillRow(first, instrument);
    if (more.length === 0) return row;
    const total = (of: (fill: VenueFill) => number): number => group.reduce((sum, fill) => sum + of(fill), 0);
    const lots = total((fill) => fill.sz);
    const worth = group.reduce((sum, fill) => sum + BigInt(fill.px) * BigInt(fill.sz), 0n);
    // The average may be finer than a tick; the venue shows such prices with up to ten decimals.
    const scale = 10n ** BigInt(priceDecimals(instrument));
    return {
      ...row,
      px: ratioText(worth, BigInt(lots) * scale),
      sz: szText(lots, instrument),
      closedPnl: usdText(total((fill) => fill.closedPnl)),
      fee: usdText(total((fill) => fill.fee)),
      ...(first.builderFee === null ? {} : { builderFee: usdText(total((fill) => fill.builderFee ?? 0)) }),
    };
  });
}

const signedValue = (position: VenuePosition): number => (position.szi < 0 ? -position.positionValue : position.positionValue);

/**
 * A position as clearinghouseState has it. `returnOnEquity` is over the initial margin at entry (PROTOCOL §7), where what was
 * paid at entry is the value less the unrealized PnL, not the shown entry price, which is truncated: two recorded positions
 * agree to the last digit with the first only.
 */
function positionRow(position: VenuePosition, instrument: Scaled): Row {
  const entryValue = Math.abs(signedValue(position) - position.unrealizedPnl);
  const leverage = position.isCross
    ? { type: 'cross', value: position.leverage }
    : { type: 'isolated', value: position.leverage, rawUsd: usdText(position.marginUsed - signedValue(position)) };
  return {
    coin: position.coin,
    szi: szText(position.szi, instrument),
    leverage,
    entryPx: pxText(position.entryPx, instrument),
    positionValue: usdText(position.positionValue),
    unrealizedPnl: usdText(position.unrealizedPnl),
    returnOnEquity: nearestRatioText(BigInt(position.unrealizedPnl) * BigInt(position.leverage), BigInt(entryValue)),
    liquidationPx: position.liquidationPxText,
    marginUsed: usdText(position.marginUsed),
    maxLeverage: position.maxLeverage,
    cumFunding: {
      allTime: usdText(position.fundingAllTime),
      sinceOpen: usdText(position.fundingSinceOpen),
      sinceChange: usdText(position.fundingSinceChange),
    },
  };
}

/** clearinghouseState of the main dex (PROTOCOL §8). */
export function clearinghouseRow(account: VenueAccount, instrumentOf: (coin: string) => Scaled, nowMs: number): Row {
  const isolated = account.positions.filter((position) => !position.isCross);
  const less = (total: MicroUsd, of: (position: VenuePosition) => number): string =>
    usdText(total - isolated.reduce((sum, position) => sum + of(position), 0));
  return {
    marginSummary: {
      accountValue: usdText(account.accountValue),
      totalNtlPos: usdText(account.totalNtlPos),
      totalRawUsd: usdText(account.totalRawUsd),
      totalMarginUsed: usdText(account.totalMarginUsed),
    },
    crossMarginSummary: {
      accountValue: less(account.accountValue, (position) => position.marginUsed),
      totalNtlPos: less(account.totalNtlPos, (position) => position.positionValue),
      totalRawUsd: less(account.totalRawUsd, (position) => position.marginUsed - signedValue(position)),
      totalMarginUsed: less(account.totalMarginUsed, (position) => position.marginUsed),
    },
    crossMaintenanceMarginUsed: usdText(account.crossMaintenanceMarginUsed),
    withdrawable: usdText(account.withdrawable),
    assetPositions: account.positions.map((position) => ({ type: 'oneWay', position: positionRow(position, instrumentOf(position.coin)) })),
    time: nowMs,
  };
}

type FundingEvent = Extract<VenueEvent, { kind: 'funding' }>;

/** A funding payment as the streams have it; below zero was paid. */
export function fundingRow(event: FundingEvent, instrument: Scaled): Row {
  return {
    time: event.timeMs,
    coin: event.coin,
    usdc: usdText(event.usd),
    szi: szText(event.szi, instrument),
    fundingRate: rateText(event.fundingRateE10),
    nSamples: null,
  };
}

/** A liquidation as the userEvents stream has it (PROTOCOL §9). */
export const liquidationRow = (event: Extract<VenueEvent, { kind: 'liquidation' }>): Row => ({
  lid: event.lid,
  liquidator: event.liquidator,
  liquidated_user: event.user,
  liquidated_ntl_pos: usdText(event.liquidatedNtlPos),
  liquidated_account_value: usdText(event.liquidatedAccountValue),
});

/** A funding payment as userFunding has it. */
export function fundingDeltaRow(event: FundingEvent, instrument: Scaled): Row {
  const { time, ...delta } = fundingRow(event, instrument);
  return { time, hash: `0x${'0'.repeat(64)}`, delta: { type: 'funding', ...delta } };
}

/** A ledger row as userNonFundingLedgerUpdates has it (PROTOCOL §8). */
export const ledgerRow = ({ timeMs, hash, delta }: LedgerRow, instrumentOf: (coin: string) => Scaled): Row => ({
  time: timeMs,
  hash,
  delta: delta.type === 'liquidation' ? liquidationDelta(delta, instrumentOf) : deltaRow(delta),
});

type LedgerDelta = LedgerRow['delta'];
type LiquidationDelta = Extract<LedgerDelta, { type: 'liquidation' }>;

const liquidationDelta = (delta: LiquidationDelta, instrumentOf: (coin: string) => Scaled): Row => ({
  type: delta.type,
  liquidatedNtlPos: usdText(delta.liquidatedNtlPos),
  accountValue: usdText(delta.liquidatedAccountValue),
  leverageType: delta.isCross ? 'Cross' : 'Isolated',
  liquidatedPositions: delta.positions.map(({ coin, szi }) => ({ coin, szi: szText(szi, instrumentOf(coin)) })),
});

function deltaRow(delta: Exclude<LedgerDelta, LiquidationDelta>): Row {
  const { type } = delta;
  const usdc = usdText(delta.usdc);
  switch (type) {
    case 'deposit':
      return { type, usdc };
    case 'withdraw':
      return { type, usdc, nonce: delta.nonce, fee: usdText(delta.fee) };
    case 'accountClassTransfer':
      return { type, usdc, toPerp: delta.toPerp };
    case 'internalTransfer':
      return { type, usdc, user: delta.user, destination: delta.destination, fee: usdText(delta.fee) };
    case 'subAccountTransfer':
      return { type, usdc, user: delta.user, destination: delta.destination };
    case 'spotTransfer':
    case 'send': {
      const dexs = type === 'send' ? { sourceDex: delta.sourceDex, destinationDex: delta.destinationDex } : {};
      const amounts = { token: 'USDC', amount: usdc, usdcValue: usdc };
      const parties = { user: delta.user, destination: delta.destination };
      const fees = { fee: usdText(delta.fee), nativeTokenFee: '0.0', nonce: type === 'send' ? delta.nonce : null, feeToken: '' };
      return type === 'send' ? { type, ...parties, ...dexs, ...amounts, ...fees } : { type, ...amounts, ...parties, ...fees };
    }
    case 'rewardsClaim':
      return { type, amount: usdc, token: 'USDC' };
    default:
      return delta satisfies never;
  }
}
