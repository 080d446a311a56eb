/** Colours of a terminal, or none. */
export type Colour = 'dim' | 'bold' | 'red' | 'green' | 'yellow' | 'cyan';

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Wraps text in a colour. */
export type Paint = (colour: Colour, text: string) => string;

/** Paints with ANSI codes. */
export const inColour: Paint = (colour, text) => {
  const [on, off] = CODES[colour];
  return text === '' ? '' : `\u001b[${on}m${text}\u001b[${off}m`;
};

/** Leaves text as it is. */
export const plainly: Paint = (_, text) => text;

/** Whether a stream is to be painted: NO_COLOR and TERM=dumb are honoured (no-color.org). */
export function paintFor(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): Paint {
  const forbidden = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  return stream.isTTY === true && !forbidden ? inColour : plainly;
}

const segmenter = new Intl.Segmenter();
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what colours are made of.
const COLOURS = /\u001b\[\d+m/g;

/** Columns a text takes, colours not counted. */
export const width = (text: string): number => [...segmenter.segment(text.replace(COLOURS, ''))].length;

/** Text on one line and without commands to the terminal: the words of signals are their writers', and some writers are odd. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');

/** Cuts to `columns` with an ellipsis, and fills up to them. Only for text without colours. */
export function fit(text: string, columns: number, side: 'left' | 'right' = 'left'): string {
  const letters = [...segmenter.segment(printable(text))].map(({ segment }) => segment);
  if (letters.length > columns) return columns <= 0 ? '' : `${letters.slice(0, columns - 1).join('')}…`;
  const space = ' '.repeat(columns - letters.length);
  return side === 'left' ? text + space : space + text;
}
