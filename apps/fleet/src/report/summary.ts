import { microUsd } from '@hyperfleet/trading';
import { fit, type Paint, printable } from '../board/paint.ts';
import { gain, money } from '../board/words.ts';
import type { RunReport, SignalReport } from './report.ts';

const micro = (usd: number): ReturnType<typeof microUsd> => microUsd(Math.round(usd * 1e6));
const REASON_COLUMNS = 60;
/** Millions, with a sign and cents. */
const MONEY_COLUMNS = 13;

/** The end of a run as a table: each signal, each bot, and what the venue says. */
export function summaryLines(report: RunReport, paint: Paint): readonly string[] {
  const head = paint(
    'dim',
    `${fit('#', 4, 'right')}  ${fit('BOT', 20)}  ${fit('COIN', 6)}  ${fit('SIGNAL', 11)}  ${fit('STATUS', 9)}  ${fit('NET USD', MONEY_COLUMNS, 'right')}`,
  );
  const bots = report.bots.map(({ id, state, equityStartUsd, equityEndUsd, transfersUsd, acknowledgedUsd, restarts }) => {
    const end = equityEndUsd === null ? '?' : money(micro(equityEndUsd));
    const change = equityEndUsd === null || equityStartUsd === null ? '' : gain(micro(equityEndUsd - equityStartUsd));
    const again = restarts === 0 ? '' : `  ${restarts} restart${restarts === 1 ? '' : 's'}`;
    const moved = transfersUsd === 0 ? '' : `  ${gain(micro(transfersUsd))} paid in or out`;
    const taken = acknowledgedUsd === 0 ? '' : `  ${gain(micro(acknowledgedUsd))} acknowledged`;
    return `      ${fit(id, 20)}  ${fit(state, 19)}  ${fit(end, MONEY_COLUMNS, 'right')}  ${fit(change, MONEY_COLUMNS, 'right')}${moved}${taken}${again}`;
  });
  return ['', head, ...report.signals.map((signal) => signalLine(signal, paint)), '', ...bots, '', venueLine(report, paint)];
}

function signalLine(signal: SignalReport, paint: Paint): string {
  const kind = signal.type === 'exit' ? 'exit' : `${signal.type ?? ''} ${signal.direction ?? ''}`.trim();
  const isTraded = signal.entrySz !== null;
  const net = isTraded ? gain(micro(signal.netPnlUsd)) : '';
  const colour = !isTraded ? 'dim' : signal.netPnlUsd < 0 ? 'red' : 'green';
  const marks = [signal.open ? 'open' : '', signal.breakevenAtMs === null ? '' : 'breakeven', signal.reason ?? ''].filter(
    (part) => part !== '',
  );
  const note = marks.join(', ');
  return [
    fit(String(signal.id), 4, 'right'),
    fit(signal.bot ?? '', 20),
    fit(signal.coin, 6),
    fit(kind, 11),
    fit(signal.status ?? '', 9),
    paint(colour, fit(net, MONEY_COLUMNS, 'right')),
    paint('dim', note.length > REASON_COLUMNS ? fit(note, REASON_COLUMNS) : printable(note)),
  ]
    .join('  ')
    .trimEnd();
}

function venueLine({ venue, speed }: RunReport, paint: Paint): string {
  const { accepted, rejected, fills, duplicateCloids, nakedMsMax, nakedWallMsMax, conservationErrorUsd } = venue;
  const naked =
    nakedMsMax === 0 ? 'never naked' : `naked at most ${nakedMsMax} ms of market time (${nakedWallMsMax.toFixed(1)} ms at ×${speed})`;
  const books = conservationErrorUsd === 0 ? 'its books balance' : paint('red', `its books are off by ${conservationErrorUsd} USD`);
  const twins = duplicateCloids === 0 ? 'none twice' : paint('red', `${duplicateCloids} twice`);
  return `The venue took ${accepted} orders (${twins}), refused ${rejected}, made ${fills} fills; ${naked}; ${books}.`;
}
