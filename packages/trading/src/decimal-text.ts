/** What a loosely typed column holds, read as a decimal number. */
export type DecimalText =
  /** NULL, a missing column or blanks. */
  | { readonly kind: 'absent' }
  /** A plain decimal string (digits, at most one point, a minus where negative) and its sign. */
  | { readonly kind: 'decimal'; readonly text: string; readonly sign: -1 | 0 | 1 }
  | { readonly kind: 'unreadable' };

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i;

/**
 * No price or size has this many digits; longer ones are refused here, so that 1e300 never becomes a page of zeros in a
 * reason or a log.
 */
const MOST_DIGITS = 40;

const UNREADABLE: DecimalText = { kind: 'unreadable' };

/**
 * Reads a column of unknown type as a decimal. Text is taken digit by digit and stays exact, exponents (`1e5`) included.
 * A JS number is taken at 15 significant digits, all that a double promises, so that 3.3000000000000003 means 3.3.
 * Thousands separators are refused: `1,000` is one thousand in one country and one in the next. So are units, NaN,
 * infinities, booleans and blobs.
 */
export function readDecimal(value: unknown): DecimalText {
  if (value === null || value === undefined) return { kind: 'absent' };
  if (typeof value === 'bigint') return fromText(value.toString());
  if (typeof value === 'number') return Number.isFinite(value) ? fromText(String(Number(value.toPrecision(15)))) : UNREADABLE;
  if (typeof value !== 'string') return UNREADABLE;
  const text = value.trim();
  return text === '' ? { kind: 'absent' } : fromText(text);
}

function fromText(text: string): DecimalText {
  const match = NUMBER.exec(text);
  if (match === null) return UNREADABLE;
  const whole = match[2] ?? '';
  const fraction = match[3] ?? '';
  if (whole === '' && fraction === '') return UNREADABLE;
  const plain = movePoint(whole, fraction, Number(match[4] ?? '0'));
  if (plain === null) return UNREADABLE;
  const isZero = !/[1-9]/.test(plain);
  const negative = match[1] === '-' && !isZero;
  return { kind: 'decimal', text: negative ? `-${plain}` : plain, sign: isZero ? 0 : negative ? -1 : 1 };
}

/** `whole.fraction × 10^exponent` as a plain decimal without needless zeros, or null when it has too many digits. */
function movePoint(whole: string, fraction: string, exponent: number): string | null {
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (!/[1-9]/.test(digits)) return '0';
  if (digits.length > 4 * MOST_DIGITS || Math.abs(point) > MOST_DIGITS) return null;
  const padded = digits.padEnd(point, '0');
  const left = point > 0 ? padded.slice(0, point) : '0';
  const right = point > 0 ? padded.slice(point) : '0'.repeat(-point) + padded;
  const trimmedLeft = left.replace(/^0+(?=\d)/, '');
  const trimmedRight = right.replace(/0+$/, '');
  if (trimmedLeft.length + trimmedRight.length > MOST_DIGITS) return null;
  return trimmedRight === '' ? trimmedLeft : `${trimmedLeft}.${trimmedRight}`;
}
