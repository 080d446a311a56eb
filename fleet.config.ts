import { defineFleet } from '@hyperfleet/config';

/**
 * The whole fleet on one page. A bot trades the rows of the signals database whose `bot_name` is exactly its `id`.
 * Whatever is left out has a default; your editor shows each option with it. A mistake is answered, when the fleet starts,
 * with the field, the value and what to write instead.
 */
export default defineFleet({
  // Paper: signals and prices are real, the exchange runs on this machine and the money does not exist. Keys are made for
  // the run and thrown away, so there is nothing to fill in.
  mode: 'paper',

  bots: [
    {
      // All defaults, written out once: what they mean is easier to see than to look up.
      id: 'Apprentice Alchemist',
      riskPerTrade: 0.02, // what a stop that fills at its price loses: 2 % of the bot's equity, and fees on top
      maxLeverage: 1, // one trade is never larger than the equity itself
      defaultStopDistance: 0.05, // where the stop goes when a signal names none: 5 % from the entry
      paperUsd: 10_000,
    },
    {
      // The same risk in a tighter place: a stop at 2 % allows a larger size for the same loss, so the cap is wider.
      id: 'AlphaCryptoSignal',
      maxLeverage: 20,
      defaultStopDistance: 0.02,
      paperUsd: 10_000,
    },
    {
      id: 'Sentient',
      paperUsd: 10_000,
    },
  ],
});
