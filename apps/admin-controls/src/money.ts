import { formatDecimal } from '@hyperfleet/trading';

/** Micro-dollars as dollars and cents, rounded down as on the board. */
export function dollars(microUsd: number): string {
  const cents = Math.floor(microUsd / 10_000);
  const [whole = '0', fraction = ''] = formatDecimal(cents, 2).split('.');
  return `${whole}.${fraction.padEnd(2, '0')}`;
}
