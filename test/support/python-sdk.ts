import { signL1Action } from '@nktkas/hyperliquid/signing';
import { post } from './paper-venue.ts';
import type { Wallet } from './wallet.ts';

/**
 * How the venue's own client in Python says things: its order of keys, its nulls, its spaces, its numbers, its signatures. Written
 * down from its behaviour, so that what it sends can be sent without it.
 */
type Json = Readonly<Record<string, unknown>>;

/** `json.dumps` with its default separators, and everything beyond ASCII escaped. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${Object.entries(value)
      .map(([key, inner]) => `${pythonJson(key)}: ${pythonJson(inner)}`)
      .join(', ')}}`;
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A float as it stands in an order: at most eight decimals, none in vain. */
const toWire = (x: number): string => x.toFixed(8).replace(/\.?0+$/, '');

/** `to_hex(int)`: no zeros in front. */
const unpadded = (hex: string): string => `0x${BigInt(hex).toString(16)}`;

const DOMAIN = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
];
const CHAIN = { name: 'hyperliquidChain', type: 'string' };
/** Types of the fields of user-signed actions, where they are no texts. */
const TYPES: Readonly<Record<string, string>> = {
  time: 'uint64',
  nonce: 'uint64',
  toPerp: 'bool',
  enabled: 'bool',
  agentAddress: 'address',
  builder: 'address',
  user: 'address',
};

export interface PythonOrder {
  readonly coin: string;
  readonly is_buy: boolean;
  readonly sz: number;
  readonly limit_px: number;
  readonly order_type:
    | { readonly limit: { readonly tif: string } }
    | { readonly trigger: { readonly triggerPx: number; readonly isMarket: boolean; readonly tpsl: 'tp' | 'sl' } };
  readonly reduce_only?: boolean;
  readonly cloid?: string;
}

interface Reply {
  readonly status: string;
  readonly response: {
    readonly type: string;
    readonly data?: { readonly statuses: readonly { readonly resting?: { readonly oid: number }; readonly filled?: object }[] };
  };
}

interface Options {
  readonly url: string;
  readonly wallet: Wallet;
  readonly nonce: () => number;
  readonly vault?: `0x${string}`;
}

interface PerpMeta {
  readonly universe: readonly { readonly name: string; readonly szDecimals: number }[];
}

interface SpotMeta {
  readonly tokens: readonly { readonly index: number; readonly name: string; readonly szDecimals: number }[];
  readonly universe: readonly { readonly name: string; readonly index: number; readonly tokens: readonly [number, number] }[];
}

/** Info and Exchange of one key, which has learnt its assets at start-up. */
export class PythonSdk {
  readonly #options: Options;
  readonly assets = new Map<string, number>();
  readonly #szDecimals = new Map<string, number>();
  /** `set_expires_after`. */
  expiresAfter: number | null = null;
  /** The body sent last. */
  sent = '';

  constructor(options: Options) {
    this.#options = options;
  }

  async #send(path: string, payload: Json) {
    this.sent = pythonJson(payload);
    const { status, text } = await post(`${this.#options.url}${path}`, this.sent);
    // A status of 400 and more is raised; the text is looked at as JSON first.
    if (status >= 400) throw new Error(`ClientError ${status} ${text}`);
    return JSON.parse(text);
  }

  info<T>(type: string, rest: Json = {}): Promise<T> {
    return this.#send('/info', { type, ...rest });
  }

  /** `Info(base_url, perp_dexs=…)`: spotMeta, perpDexs when dexs are named, then the meta of each. */
  async start(perpDexs: readonly string[] | null = null): Promise<void> {
    const { tokens, universe } = await this.info<SpotMeta>('spotMeta');
    const token = (index: number) => {
      const found = tokens.find((it) => it.index === index);
      if (found === undefined) throw new Error(`KeyError ${index}`);
      return found;
    };
    for (const { name, index, tokens: pair } of universe) {
      const [base, quote] = pair;
      for (const known of [name, `${token(base).name}/${token(quote).name}`]) {
        if (this.assets.has(known)) continue;
        this.assets.set(known, index + 10_000);
        this.#szDecimals.set(known, token(base).szDecimals);
      }
    }
    if (perpDexs !== null)
      for (const dex of (await this.info<{ name: string }[]>('perpDexs')).slice(1)) throw new Error(`${dex.name} is no dex of ours`);
    for (const dex of perpDexs ?? ['']) {
      const meta = await this.info<PerpMeta>('meta', { dex });
      for (const [asset, { name, szDecimals }] of meta.universe.entries()) {
        this.assets.set(name, asset);
        this.#szDecimals.set(name, szDecimals);
      }
    }
  }

  #asset(coin: string): number {
    const asset = this.assets.get(coin);
    if (asset === undefined) throw new Error(`KeyError ${coin}`);
    return asset;
  }

  /** Posts an action as `_post_action` does. */
  #post(action: Json, signature: Json, nonce: number): Promise<Reply> {
    const isVaultless = action.type === 'usdClassTransfer' || action.type === 'sendAsset';
    return this.#send('/exchange', {
      action,
      nonce,
      signature,
      vaultAddress: isVaultless ? null : (this.#options.vault ?? null),
      expiresAfter: this.expiresAfter,
    });
  }

  /** An L1 action; `ofVault: false` where the SDK signs for no vault whatever it is set to. */
  async act(action: Json, { ofVault = true, nonce = this.#options.nonce() } = {}): Promise<Reply> {
    const { wallet, vault } = this.#options;
    const signature = await signL1Action({
      ...{ wallet, action, nonce },
      // Anything but the one URL of mainnet is the testnet.
      isTestnet: true,
      ...(ofVault && vault !== undefined ? { vaultAddress: vault } : {}),
      ...(this.expiresAfter === null ? {} : { expiresAfter: this.expiresAfter }),
    });
    return this.#post(action, { r: unpadded(signature.r), s: unpadded(signature.s), v: signature.v }, nonce);
  }

  /** A user-signed action, its fields in the order in which they are signed; `unsaid` are signed and not sent. */
  async sign(name: string, action: Json, signed: readonly string[], unsaid: readonly string[] = []): Promise<Reply> {
    const { wallet } = this.#options;
    const full: Json = { ...action, signatureChainId: '0x66eee', hyperliquidChain: 'Testnet' };
    const primaryType = `HyperliquidTransaction:${name}`;
    const hex = await wallet.signTypedData({
      domain: { name: 'HyperliquidSignTransaction', version: '1', chainId: 421_614, verifyingContract: `0x${'0'.repeat(40)}` },
      types: { [primaryType]: [CHAIN, ...signed.map((field) => ({ name: field, type: TYPES[field] ?? 'string' }))], EIP712Domain: DOMAIN },
      primaryType,
      message: full,
    });
    const signature = { r: unpadded(hex.slice(0, 66)), s: unpadded(`0x${hex.slice(66, 130)}`), v: Number.parseInt(hex.slice(130), 16) };
    const body = Object.fromEntries(Object.entries(full).filter(([key]) => !unsaid.includes(key)));
    return this.#post(body, signature, Number(action.nonce ?? action.time));
  }

  #order({ coin, is_buy, sz, limit_px, order_type, reduce_only = false, cloid }: PythonOrder): Json {
    const trigger = 'trigger' in order_type ? order_type.trigger : null;
    return {
      a: this.#asset(coin),
      b: is_buy,
      p: toWire(limit_px),
      s: toWire(sz),
      r: reduce_only,
      t:
        trigger === null
          ? order_type
          : { trigger: { isMarket: trigger.isMarket, triggerPx: toWire(trigger.triggerPx), tpsl: trigger.tpsl } },
      ...(cloid === undefined ? {} : { c: cloid }),
    };
  }

  bulkOrders(orders: readonly PythonOrder[], grouping = 'na', builder: Json | null = null): Promise<Reply> {
    const wires = orders.map((order) => this.#order(order));
    return this.act({ type: 'order', orders: wires, grouping, ...(builder === null ? {} : { builder }) });
  }

  bulkModify(modifies: readonly { readonly oid: number | string; readonly order: PythonOrder }[]): Promise<Reply> {
    return this.act({ type: 'batchModify', modifies: modifies.map(({ oid, order }) => ({ oid, order: this.#order(order) })) });
  }

  cancel(coin: string, oid: number): Promise<Reply> {
    return this.act({ type: 'cancel', cancels: [{ a: this.#asset(coin), o: oid }] });
  }

  cancelByCloid(coin: string, cloid: string): Promise<Reply> {
    return this.act({ type: 'cancelByCloid', cancels: [{ asset: this.#asset(coin), cloid }] });
  }

  async #slippagePrice(coin: string, isBuy: boolean): Promise<number> {
    const mids = await this.info<Readonly<Record<string, string>>>('allMids', { dex: '' });
    const px = Number(mids[coin]) * (isBuy ? 1.05 : 0.95);
    return Number(Number(px.toPrecision(5)).toFixed(6 - (this.#szDecimals.get(coin) ?? 0)));
  }

  async marketOpen(coin: string, isBuy: boolean, sz: number, reduceOnly = false): Promise<Reply> {
    const limit_px = await this.#slippagePrice(coin, isBuy);
    return this.bulkOrders([{ coin, is_buy: isBuy, sz, limit_px, order_type: { limit: { tif: 'Ioc' } }, reduce_only: reduceOnly }]);
  }

  /** `market_close`: null when there is no position, as it says nothing then. */
  async marketClose(coin: string, user: string): Promise<Reply | null> {
    const { assetPositions } = await this.info<{ assetPositions: { position: { coin: string; szi: string } }[] }>('clearinghouseState', {
      user,
      dex: '',
    });
    const held = assetPositions.find(({ position }) => position.coin === coin)?.position;
    if (held === undefined) return null;
    const szi = Number(held.szi);
    return this.marketOpen(coin, szi < 0, Math.abs(szi), true);
  }
}
