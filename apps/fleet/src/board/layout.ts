import type { Condition } from '@hyperfleet/bot';
import { microUsd } from '@hyperfleet/trading';
import { assertNever } from '../assert-never.ts';
import { type Colour, fit, type Paint, printable } from './paint.ts';
import type { Sentence } from './sentence.ts';
import type { BotView, FleetView, Happening, Holding } from './view.ts';
import { duration, gain, markPrice, money, price, size, timeOfDay } from './words.ts';

interface Column {
  readonly title: string;
  readonly columns: number;
  readonly side: 'left' | 'right';
}

const TABLE = {
  bot: { title: 'BOT', columns: 20, side: 'left' },
  state: { title: 'STATE', columns: 11, side: 'left' },
  equity: { title: 'EQUITY', columns: 10, side: 'right' },
  change: { title: 'CHANGE', columns: 10, side: 'right' },
  coin: { title: ' COIN', columns: 7, side: 'left' },
  position: { title: 'POSITION', columns: 14, side: 'left' },
  entry: { title: 'ENTRY', columns: 9, side: 'right' },
  mark: { title: 'MARK', columns: 9, side: 'right' },
  stop: { title: 'STOP', columns: 11, side: 'right' },
  upnl: { title: 'uPnL', columns: 9, side: 'right' },
  naked: { title: 'NAKED ≤', columns: 11, side: 'right' },
} as const satisfies Readonly<Record<string, Column>>;

type ColumnName = keyof typeof TABLE;
const NAMES: readonly ColumnName[] = ['bot', 'state', 'equity', 'change', 'coin', 'position', 'entry', 'mark', 'stop', 'upnl', 'naked'];
/** What a narrow terminal does without, in this order. */
const GIVEN_UP: readonly ColumnName[] = ['naked', 'change', 'entry', 'mark', 'upnl', 'equity', 'stop', 'state', 'coin'];
type Cell = readonly [text: string, colour?: Colour];

function columnsFor(room: number): readonly ColumnName[] {
  let names = NAMES;
  const total = (): number => names.reduce((sum, name) => sum + TABLE[name].columns + 1, -1);
  for (const name of GIVEN_UP) {
    if (total() <= room) break;
    names = names.filter((each) => each !== name);
  }
  return names;
}

const BAR_COLUMNS = 24;
const HAPPENINGS_MAX = 10;

/** The board as lines no wider than `columns`, at most `rows` of them. */
export function layOut(view: FleetView, size: { readonly columns: number; readonly rows: number }, paint: Paint): readonly string[] {
  const names = columnsFor(size.columns);
  const head = [header(view, size.columns, paint), ''];
  const titles = names.map((name) => fit(TABLE[name].title, TABLE[name].columns, TABLE[name].side)).join(' ');
  const table = [
    paint('dim', fit(titles, Math.min(size.columns, titles.length)).trimEnd()),
    ...view.bots.flatMap((bot) => botLines(bot, names, paint)),
  ];
  const prices = ['', priceLine(view, size.columns, paint)];
  const room = Math.max(0, Math.min(HAPPENINGS_MAX, size.rows - head.length - table.length - prices.length - 2));
  const news = room === 0 ? [] : ['', ...view.happenings.slice(-room).map((one) => happeningLine(one, size.columns, paint))];
  return [...head, ...table, ...prices, ...news].slice(0, size.rows);
}

function header(view: FleetView, columns: number, paint: Paint): string {
  const part = Math.min(1, Math.max(0, (view.nowMs - view.startMs) / Math.max(1, view.endMs - view.startMs)));
  const full = Math.round(part * BAR_COLUMNS);
  const bar = paint('cyan', '━'.repeat(full)) + paint('dim', '─'.repeat(BAR_COLUMNS - full));
  const clock = `${timeOfDay(view.nowMs)} UTC`;
  const run = `${duration(view.nowMs - view.startMs)} of ${duration(view.endMs - view.startMs)}`;
  const parts: [string, string][] = [
    [paint('bold', 'HYPERFLEET'), 'HYPERFLEET'],
    [view.ending === null ? paint('green', view.mode) : paint('yellow', view.ending), view.ending ?? view.mode],
    [paint('bold', clock), clock],
    [`×${view.speed}`, `×${view.speed}`],
    [bar, ' '.repeat(BAR_COLUMNS)],
    [paint('dim', run), run],
  ];
  let line = '';
  let used = 0;
  for (const [painted, text] of parts) {
    if (used + text.length + 2 > columns) break;
    line += (used === 0 ? '' : '  ') + painted;
    used += text.length + (used === 0 ? 0 : 2);
  }
  return line;
}

function botLines(bot: BotView, names: readonly ColumnName[], paint: Paint): readonly string[] {
  const rows: readonly (Holding | null)[] = bot.holdings.length === 0 ? [null] : bot.holdings;
  return rows.map((holding, index) =>
    names
      .map((name) => {
        const [text, colour] = cell(name, bot, holding, index === 0);
        const fitted = fit(text, TABLE[name].columns, TABLE[name].side);
        return colour === undefined ? fitted : paint(colour, fitted);
      })
      .join(' ')
      .trimEnd(),
  );
}

function cell(name: ColumnName, bot: BotView, holding: Holding | null, isFirst: boolean): Cell {
  switch (name) {
    case 'bot':
      return isFirst ? [bot.id, 'bold'] : [''];
    case 'state':
      return isFirst ? stateCell(bot) : [''];
    case 'naked':
      return isFirst && bot.condition !== null ? boundCell(bot.condition) : [''];
    case 'equity':
      return isFirst && bot.equity !== null ? [money(bot.equity)] : [''];
    case 'change':
      return isFirst ? changeCell(bot) : [''];
    default:
      return holding === null ? [name === 'position' ? 'flat' : '', 'dim'] : holdingCell(name, holding);
  }
}

/** A bot at work shows how well it stands; what stops it from working comes first. */
function stateCell({ state, condition, differences }: BotView): Cell {
  if (state === 'active' && differences.length > 0) return ['differs', 'red'];
  const health = condition?.health.state ?? 'normal';
  if (state !== 'active' || health === 'normal') return [state, stateColour(state)];
  return [health, health === 'degraded' ? 'yellow' : 'red'];
}

/** The longest a fill can stand without a stop, and whether that hangs on being told or on asking. */
function boundCell({ hearing, nakedBoundMs, isBoundMeasured }: Condition): Cell {
  if (!isBoundMeasured) return ['unmeasured', 'dim'];
  const bound = `${(nakedBoundMs / 1_000).toFixed(1)} s`;
  return hearing === 'poll' ? [`ask ${bound}`, 'yellow'] : [bound, 'dim'];
}

function changeCell({ equity, equityStart }: BotView): Cell {
  if (equity === null || equityStart === null) return [''];
  const change = microUsd(equity - equityStart);
  return [gain(change), gainColour(change)];
}

function holdingCell(name: Exclude<ColumnName, 'bot' | 'state' | 'equity' | 'change' | 'naked'>, holding: Holding): Cell {
  const { instrument, unrealizedPnl } = holding;
  switch (name) {
    case 'coin':
      return [` ${instrument.coin}`];
    case 'position':
      return holding.resting ? [`${holding.direction} waits`, 'dim'] : [`${holding.direction} ${size(holding.szi, instrument)}`];
    case 'entry':
      return holding.resting ? [price(holding.entryPx, instrument), 'dim'] : [price(holding.entryPx, instrument)];
    case 'mark':
      return [holding.mark === null ? '' : markPrice(holding.mark, instrument)];
    case 'stop':
      if (holding.stopPx === null) return holding.resting ? [''] : ['none', 'red'];
      return holding.isBreakeven ? [`BE ${price(holding.stopPx, instrument)}`, 'green'] : [price(holding.stopPx, instrument)];
    case 'upnl':
      return unrealizedPnl === null ? [''] : [gain(unrealizedPnl), gainColour(unrealizedPnl)];
    default:
      return assertNever(name);
  }
}

const gainColour = (value: number): Colour => (value > 0 ? 'green' : value < 0 ? 'red' : 'dim');

function stateColour(state: string): Colour {
  if (state === 'active') return 'green';
  return state === 'halted' ? 'red' : 'yellow';
}

function priceLine(view: FleetView, columns: number, paint: Paint): string {
  const prices = view.marks.flatMap(({ instrument, mark }) => (mark === null ? [] : [`${instrument.coin} ${markPrice(mark, instrument)}`]));
  return paint('dim', fit(prices.join('   '), Math.min(columns, prices.join('   ').length)));
}

const MOODS: Readonly<Record<Sentence['mood'], Colour | null>> = { plain: null, good: 'green', bad: 'red', attention: 'yellow' };

/** One happening as a line: time, who, what. */
export function happeningLine({ atMs, who, what }: Happening, columns: number, paint: Paint): string {
  const time = timeOfDay(atMs);
  const name = fit(who, TABLE.bot.columns);
  const room = columns - time.length - name.length - 4;
  const text = what.text.length > room ? fit(what.text, Math.max(1, room)) : printable(what.text);
  const mood = MOODS[what.mood];
  return `${paint('dim', time)}  ${name}  ${mood === null ? text : paint(mood, text)}`;
}
