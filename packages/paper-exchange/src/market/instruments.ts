/**
 * The perpetuals a recording may speak of. A recording carries the instruments of its coins, so this table is read only when
 * one is made, and to name the assets between them.
 */
import type { Instrument } from '@hyperfleet/trading';

/**
 * Name, szDecimals, maxLeverage. The first 28 stand at their place in the venue's meta (a recording of July 2023), so their
 * place is their asset id (PROTOCOL §8); the order after them is ours. szDecimals: that meta, else what 2.3 million recorded
 * fills show. maxLeverage: for the first 15 as the mainnet meta of 2026 has it (an RPC provider's documentation quotes it), 20
 * XRP, 10 for the larger coins, else as the recorded testnet meta has it, at most 10; 3, the venue's least, where nothing is
 * recorded.
 */
const TABLE = `
  BTC 5 40; ETH 4 25; ATOM 2 5; MATIC 1 20; DYDX 1 5; SOL 2 20; AVAX 2 10; BNB 3 10; APE 1 5; OP 1 5; LTC 2 10; ARB 1 10;
  DOGE 0 10; INJ 1 5; SUI 1 10; kPEPE 0 10; CRV 1 10; LDO 1 10; LINK 1 10; STX 1 10; RNDR 1 10; CFX 0 3; FTM 0 3; GMX 2 3;
  SNX 1 10; XRP 0 20; BCH 3 10; APT 2 10; 0G 0 3; 2Z 0 3; AAVE 2 10; ACE 2 10; ADA 0 10; AI 1 10; AI16Z 1 5; AIXBT 0 5; ALGO 0 5;
  ALT 0 10; ANIME 0 10; APEX 0 3; AR 2 10; ARK 0 3; ASTER 0 5; AVNT 0 5; BABY 0 5; BADGER 1 10; BANANA 1 3; BERA 1 5; BIGTIME 0 3;
  BIO 0 5; BLAST 0 3; BLUR 0 10; BLZ 0 5; BNT 0 3; BOME 0 3; BRETT 0 5; BSV 2 10; CAKE 1 10; CANTO 0 3; CATI 0 5; CELO 0 5;
  CHILLGUY 0 3; COMP 2 5; CYBER 1 3; DOOD 0 3; DOT 1 10; DYM 1 10; EIGEN 2 5; ENA 0 10; ENS 2 10; ETC 2 10; ETHFI 1 3;
  FARTCOIN 1 10; FET 0 10; FIL 1 10; FRIEND 1 3; FTT 1 3; FXS 1 3; GALA 0 10; GAS 1 10; GMT 0 2; GOAT 0 5; GRASS 1 3; GRIFFAIN 0 3;
  HBAR 0 5; HMSTR 0 5; HPOS 0 10; HYPE 2 10; HYPER 0 3; ILV 2 10; IMX 1 10; INIT 0 3; IO 1 5; IOTA 0 5; IP 1 3; JELLY 0 3;
  JTO 0 10; JUP 0 10; KAITO 0 5; KAS 0 5; LAUNCHCOIN 0 3; LAYER 0 3; LINEA 0 3; LISTA 0 5; LOOM 0 3; MANTA 1 10; MAV 0 5;
  MAVIA 1 5; ME 1 3; MELANIA 1 3; MEME 0 10; MERL 0 5; MEW 0 5; MINA 0 10; MKR 4 10; MNT 1 3; MON 0 5; MOODENG 0 3; MORPHO 1 5;
  MOVE 0 10; MYRO 0 3; NEAR 1 10; NEIROETH 0 5; NEO 2 10; NIL 0 5; NOT 0 5; NTRN 0 5; NXPC 0 3; OGN 0 3; OM 1 5; OMNI 2 5;
  ONDO 0 10; ORBS 0 3; ORDI 2 10; OX 0 3; PANDORA 5 3; PAXG 3 10; PENDLE 0 10; PENGU 0 5; PEOPLE 0 10; PIXEL 0 5; PNUT 1 5;
  POL 0 10; POLYX 0 10; POPCAT 0 5; PROMPT 0 3; PROVE 0 3; PUMP 0 10; PURR 0 3; PYTH 0 10; RDNT 0 3; RENDER 1 5; REQ 0 5;
  RESOLV 0 3; REZ 0 5; RLB 0 10; RSR 0 5; RUNE 1 10; S 0 5; SAGA 1 3; SAND 0 5; SCR 1 3; SEI 0 10; SHIA 0 3; SKY 0 3; SOPH 0 3;
  SPX 1 5; STBL 0 3; STG 0 10; STRK 1 3; SUPER 0 10; SUSHI 1 10; SYRUP 0 3; TAO 3 10; TIA 1 10; TNSR 1 5; TON 1 10; TRB 2 5;
  TRUMP 1 10; TRX 0 10; TST 0 3; TURBO 0 5; UMA 1 10; UNI 1 10; UNIBOT 3 2; USTC 0 10; USUAL 1 5; VINE 0 3; VIRTUAL 1 5; VVV 2 3;
  W 1 3; WCT 0 3; WIF 0 5; WLD 1 10; WLFI 0 5; XAI 1 10; XLM 0 5; XPL 0 10; YGG 0 3; YZY 0 3; ZEC 2 3; ZEN 2 10; ZEREBRO 0 5;
  ZETA 1 10; ZK 0 3; ZORA 0 3; ZRO 1 10; kBONK 0 10; kDOGS 0 5; kFLOKI 0 3; kLUNC 0 10; kNEIRO 1 5; kSHIB 0 10
`;
const KNOWN_IDS = 28;
const LEAST_LEVERAGE = 3;

const known: readonly Instrument[] = TABLE.split(';').map((entry, place) => {
  const [coin = '', szDecimals = '', maxLeverage = ''] = entry.trim().split(' ');
  return { coin, assetId: place, szDecimals: Number(szDecimals), maxLeverage: Number(maxLeverage), onlyIsolated: false, isDelisted: false };
});
const byName = new Map(known.map((instrument) => [instrument.coin, instrument]));

/** Whether the table has this coin. */
export const isKnownCoin = (coin: string): boolean => byName.has(coin);

/** A coin of a recording to be made, with the most decimals seen in its sizes and prices. */
export interface SeenCoin {
  readonly coin: string;
  readonly sizeDecimals: number;
  readonly priceDecimals: number;
}

/**
 * Instruments for the coins of a recording. A coin the table does not know gets the decimals its data shows; one it knows
 * keeps the table's unless its sizes are finer, which can only mean that the venue has refined it since. Either is bounded so
 * that the coin's prices fit (at most 6 − szDecimals decimals, PROTOCOL §5). Asset ids beyond the known ones follow in the
 * order given.
 */
export function instrumentsOf(coins: readonly SeenCoin[]): Instrument[] {
  let nextId = KNOWN_IDS;
  return coins.map(({ coin, sizeDecimals, priceDecimals }) => {
    const entry = byName.get(coin);
    const assetId = entry !== undefined && entry.assetId < KNOWN_IDS ? entry.assetId : nextId++;
    const szDecimals = Math.max(0, Math.min(Math.max(entry?.szDecimals ?? 0, sizeDecimals), 6 - priceDecimals));
    if (entry !== undefined) return { ...entry, assetId, szDecimals };
    return { coin, assetId, szDecimals, maxLeverage: LEAST_LEVERAGE, onlyIsolated: false, isDelisted: false };
  });
}

/**
 * The venue's universe for a recording: a list in which each instrument stands at its asset id, with the venue's own names at
 * the places between. An asset that has no market in the recording has an empty book.
 */
export function universeOf(instruments: readonly Instrument[]): Instrument[] {
  const places = new Map(instruments.map((instrument) => [instrument.assetId, instrument]));
  const size = Math.max(KNOWN_IDS, ...instruments.map((instrument) => instrument.assetId + 1));
  const spare = known.slice(KNOWN_IDS).filter((instrument) => !instruments.some((other) => other.coin === instrument.coin));
  return Array.from({ length: size }, (_, assetId) => {
    const found = places.get(assetId) ?? known[assetId];
    if (found !== undefined && (places.has(assetId) || assetId < KNOWN_IDS)) return found;
    const stand = spare[assetId - KNOWN_IDS];
    if (stand === undefined) throw new RangeError(`asset id ${assetId} has no instrument`);
    return { ...stand, assetId };
  });
}
