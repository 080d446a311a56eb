import type { Instrument } from './instrument.ts';
import type { Instruments } from './ports/exchange.ts';

/** What follows a coin's name in other venues' symbols and says only what it is paid in or that it is a perpetual. */
const TAILS = ['USDT', 'USDC', 'USD', 'PERP'] as const;
/** TradingView writes a perpetual `BTCUSDT.P`; only after a separator, since coins end in P too. */
const SEPARATED_TAILS: ReadonlySet<string> = new Set([...TAILS, 'P']);
const SEPARATORS = /[\s/_.:#$-]+/;

/**
 * A symbol as other programs write it → the coin it means: `btc/usdt`, `BTC-PERP`, `BTC/USDT:USDT` → `BTC`; `kPEPEUSDT` →
 * `kPEPE`, whose small `k` stands for a thousand and is kept. A pair in another currency (`AR/BUSD`) or a name with a
 * venue before it (`xyz:NVDA`) keeps its parts, so that it matches no coin by accident.
 */
export function normalizeSymbol(text: string): string {
  const parts = text.split(SEPARATORS).filter((part) => part !== '');
  while (parts.length > 1 && SEPARATED_TAILS.has((parts.at(-1) ?? '').toUpperCase())) parts.pop();
  const [only] = parts;
  if (only === undefined) return '';
  return parts.length === 1 ? spell(dropTails(only)) : parts.map(spell).join('/');
}

function dropTails(name: string): string {
  let rest = name;
  for (;;) {
    const tail = TAILS.find((word) => rest.length > word.length && rest.toUpperCase().endsWith(word));
    if (tail === undefined) return rest;
    rest = rest.slice(0, -tail.length);
  }
}

/** Capitals, save the `k` of `kPEPE`; in `kas` the k is an ordinary letter. */
const spell = (name: string): string => (/^k[A-Z0-9]/.test(name) ? `k${name.slice(1).toUpperCase()}` : name.toUpperCase());

/**
 * The instrument a symbol means, or null when none is meant for certain. Letter case does not matter, every letter does:
 * PEPE is never kPEPE, and 1000PEPE is neither.
 */
export function resolveCoin(coinText: string, instruments: Instruments): Instrument | null {
  // As written first: a coin whose own name ends like a currency is found whole.
  return find(coinText.trim(), instruments) ?? find(normalizeSymbol(coinText), instruments);
}

function find(name: string, instruments: Instruments): Instrument | null {
  const exact = instruments.get(name);
  if (exact !== undefined) return exact;
  const wanted = name.toUpperCase();
  const found = [...instruments.values()].filter((instrument) => instrument.coin.toUpperCase() === wanted);
  return found.length === 1 ? (found[0] ?? null) : null;
}
