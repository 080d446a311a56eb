/**
 * Decimals of a size (szDecimals) of the coins seen on mainnet, coins listed under their number. A fills file does not say
 * them, and the venue truncates averages to a tick of 10^−(6−szDecimals) (PROTOCOL §5, §7).
 */
const COINS_BY_DECIMALS: Readonly<Record<number, string>> = {
  0:
    '0G 2Z ADA AIXBT ALGO ALT ANIME APEX ARK ASTER AVNT BABY BIGTIME BIO BLAST BLUR BLZ BNT BOME BRETT CANTO CATI CELO CFX CHILLGUY ' +
    'DOGE DOOD ENA FET FTM GALA GMT GOAT GRIFFAIN HBAR HMSTR HPOS HYPER INIT IOTA JELLY JTO JUP KAITO KAS LAUNCHCOIN LAYER LINEA ' +
    'LISTA LOOM MAV MEME MERL MEW MINA MON MOODENG MOVE MYRO NEIROETH NIL NOT NTRN NXPC OGN ONDO ORBS OX PENDLE PENGU PEOPLE PIXEL ' +
    'POL POLYX POPCAT PROMPT PROVE PUMP PURR PYTH RDNT REQ RESOLV REZ RLB RSR S SAND SEI SHIA SKY SOPH STBL STG SUPER SYRUP TRX TST ' +
    'TURBO USTC VINE WCT WIF WLFI XLM XPL XRP YGG YZY ZEREBRO ZK ZORA kBONK kDOGS kFLOKI kLUNC kPEPE kSHIB',
  1:
    'AI AI16Z APE ARB BADGER BANANA BERA CAKE CRV CYBER DOT DYDX DYM ETHFI FARTCOIN FIL FRIEND FTT FXS GAS GRASS IMX INJ IO IP LDO ' +
    'LINK MANTA MATIC MAVIA ME MELANIA MNT MORPHO NEAR OM OP PNUT RENDER RNDR RUNE SAGA SCR SNX SPX STRK STX SUI SUSHI TIA TNSR TON ' +
    'TRUMP UMA UNI USUAL VIRTUAL W WLD XAI ZETA ZRO kNEIRO',
  2: 'AAVE ACE APT AR ATOM AVAX BSV COMP EIGEN ENS ETC GMX HYPE ILV LTC NEO OMNI ORDI SOL TRB VVV ZEC ZEN',
  3: 'BCH BNB PAXG TAO UNIBOT',
  4: 'ETH MKR',
  5: 'BTC PANDORA',
};

const DECIMALS: ReadonlyMap<string, number> = new Map(
  Object.entries(COINS_BY_DECIMALS).flatMap(([decimals, coins]) => coins.split(' ').map((coin) => [coin, Number(decimals)] as const)),
);

/** szDecimals of a coin, or null where it is not known, as for every coin of a builder's own dex (`xyz:TSLA`). */
export const knownSizeDecimals = (coin: string): number | null => DECIMALS.get(coin) ?? null;
