import { directionSign, formatDecimal, type OrderRole, type Projection } from '@hyperfleet/trading';

/** The columns of `signals` we write, besides `status` and `notes`. */
export type ShownColumns = Readonly<Record<string, string | number>>;

const TAKE_PROFITS: readonly OrderRole[] = ['tp1', 'tp2', 'tp3', 'tp4', 'tp5'];

/**
 * Net PnL in micro-dollars: of a trade that is flat its cash, exact; before that what is realised at the average entry. The
 * two differ by the venue's truncated average (PROTOCOL §7).
 */
function netPnl({ trade, fills }: Projection): number {
  const carried = fills.funding - fills.fees;
  if (trade.direction === null || fills.entrySz !== fills.exitSz) return fills.closedPnl + carried;
  return directionSign(trade.direction) * (fills.exitCost - fills.entryCost) + carried;
}

function ids(projection: Projection): Record<string, number> {
  const { orderIds } = projection;
  const shown: Record<string, number> = {};
  // The child of the entry is the stop readers look for; our own stand-alone one is shown until the child has an id.
  const stop = orderIds.stop ?? orderIds['own-stop'];
  if (orderIds.entry !== undefined) shown.order_id_entry = orderIds.entry;
  if (stop !== undefined) shown.order_id_sl = stop;
  if (orderIds.breakeven !== undefined) shown.be_sl_order_id = orderIds.breakeven;
  for (const role of TAKE_PROFITS) {
    const oid = orderIds[role];
    if (oid !== undefined) shown[`order_id_${role}`] = oid;
  }
  return shown;
}

function times(projection: Projection, toWallIso: (marketMs: number) => string): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const role of ['entry', ...TAKE_PROFITS] as const) {
    const at = projection.filledAtMs[role];
    if (at !== undefined) shown[`${role}_filled_at`] = toWallIso(at);
  }
  return shown;
}

/**
 * What other programs are shown of an entry: order ids, ISO-8601 times, the size that filled of the entry in coins, and the
 * net PnL in percent of what the entry cost. Columns nothing is known for are absent; an exit shows its status alone.
 */
export function shownColumns(
  projection: Projection,
  see: { readonly szDecimals: number | null; readonly toWallIso: (marketMs: number) => string },
): ShownColumns {
  const { trade, fills } = projection;
  if (trade.kind === 'exit') return {};
  const shown: Record<string, string | number> = { ...ids(projection), ...times(projection, see.toWallIso) };
  shown.sl_moved_to_be = trade.breakeven === 'done' ? 1 : 0;
  if (fills.entrySz > 0 && see.szDecimals !== null) shown.position_size_actual = Number(formatDecimal(fills.entrySz, see.szDecimals));
  if (fills.exitSz > 0 && fills.entryCost > 0) shown.pnl_percent_actual = (netPnl(projection) * 100) / fills.entryCost;
  return shown;
}
