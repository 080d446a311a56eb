import type { MicroUsd } from '@hyperfleet/trading';
import type { InProcessExchange } from '../in-process.ts';
import { budgetRefusal } from '../limits/address-budget.ts';
import { type ParsedAction, parseAction } from './action-form.ts';
import { type Address, integer, isAbsent, object, optional, parseAddress, Unfit } from './fields.ts';
import type { ExchangeReply } from './perform.ts';
import { agentDigest, l1ActionHash, parseSignature, recoverAddress, type Source, userSignedDigest } from './signature.ts';

/** Which signing letter is taken: `any` tries mainnet's, then testnet's, and prefers the one whose signer is known. */
export type Network = 'mainnet' | 'testnet' | 'any';

/** An /exchange body, read and with its possible signers recovered. */
export interface SignedRequest {
  readonly action: ParsedAction;
  readonly nonce: number;
  readonly vaultAddress: Address | null;
  readonly expiresAfter: number | null;
  /** Most likely first; empty when no key can be recovered. */
  readonly signers: readonly Address[];
}

const SOURCES: Readonly<Record<Network, readonly Source[]>> = { mainnet: ['a'], testnet: ['b'], any: ['a', 'b'] };
const isPresent = (address: Address | null): address is Address => address !== null;

function vault(from: { readonly [key: string]: unknown }): Address | null {
  if (isAbsent(from, 'vaultAddress')) return null;
  const parsed = parseAddress(from.vaultAddress);
  if (parsed === null) throw new Unfit('vaultAddress: expected a 20-byte hex address');
  return parsed;
}

/** Reads an /exchange body and recovers its signer over our own canonical rebuild (PROTOCOL §2). Throws `Unfit`. */
export function readSigned(body: unknown, network: Network): SignedRequest {
  const from = object(body, 'body');
  const action = parseAction(from.action);
  const nonce = integer(from, 'nonce');
  const signature = parseSignature(from.signature);
  const vaultAddress = vault(from);
  const expiresAfter = optional(from, 'expiresAfter', integer);
  if (action.signing === 'user') {
    const signer = recoverAddress(userSignedDigest(action.name, action.fields, action.chainId), signature);
    // User-signed actions carry neither a vault nor an expiry (PROTOCOL §2.3).
    return { action, nonce, vaultAddress: null, expiresAfter: null, signers: signer === null ? [] : [signer] };
  }
  const hash = l1ActionHash(action.canonical, { nonce, vaultAddress, expiresAfter });
  const signers = SOURCES[network].map((source) => recoverAddress(agentDigest(hash, source), signature)).filter(isPresent);
  return { action, nonce, vaultAddress, expiresAfter, signers };
}

/** A signature read with either letter, where neither address is known. */
export interface UnclearSigner {
  /** Who signed, had it been for mainnet. */
  readonly mainnet: Address;
  /** Who signed, had it been for the testnet. */
  readonly testnet: Address;
}

export interface DoorOptions {
  readonly exchange: InProcessExchange;
  readonly network: Network;
  /** Paid to an account nobody has heard of when it is first named; null for none. */
  readonly autoFund: MicroUsd | null;
  /** Told, once, of a signer met first, of whom nothing says which of the two addresses is the true one; the action is refused. */
  readonly onUnclearSigner: (signer: UnclearSigner) => void;
  /** Whether an account that has spent its requests is refused (PROTOCOL §10). */
  readonly hasBudget: () => boolean;
}

/** The door of /exchange: who signed, for whom, and whether the nonce is good. */
export interface Door {
  /** Executes a request. Call within a task of the exchange. */
  admit(request: SignedRequest): ExchangeReply;
  /** The account a request would act for and its signer; empty when nobody is known. Changes nothing. */
  parties(request: SignedRequest): readonly Address[];
  /** An account was named in a question: it is funded when that is asked for and it is new. Call within a task. */
  meet(user: Address): void;
}

const err = (response: string): ExchangeReply => ({ status: 'err', response });
/** Signers remembered while it is open which of two letters a new client signs with. */
const SEEN_MAX = 4_096;

type Resolved = { readonly signer: Address; readonly master: Address } | { readonly refusal: string };

/** Creates the door. */
export function createDoor({ exchange, network, autoFund, onUnclearSigner, hasBudget }: DoorOptions): Door {
  const { venue, agents, bank, nonces } = exchange;
  /** Address to the nonce it was seen with. */
  const seen = new Map<Address, number>();

  const isKnown = (signer: Address): boolean =>
    venue.exists(signer) || agents.find(signer, exchange.nowMs) !== null || agents.formerMaster(signer) !== null;

  function meet(user: Address): void {
    if (autoFund === null || venue.exists(user) || agents.formerMaster(user) !== null || agents.find(user, exchange.nowMs) !== null) return;
    exchange.fund(user, autoFund);
  }

  function meetBuilder({ fields }: Extract<ParsedAction, { signing: 'user' }>): void {
    const builder = parseAddress(fields.find(({ name }) => name === 'builder')?.value);
    if (builder !== null) meet(builder);
  }

  /** Remembers both addresses of a signature, and tells of them unless one of them was told of before. */
  function remember(signers: readonly Address[], nonce: number): void {
    const [mainnet, testnet] = signers;
    const isNews = !signers.some((signer) => seen.has(signer));
    for (const signer of signers) seen.set(signer, nonce);
    for (const old of seen.keys()) {
      if (seen.size <= SEEN_MAX) break;
      seen.delete(old);
    }
    if (isNews && mainnet !== undefined && testnet !== undefined) onUnclearSigner({ mainnet, testnet });
  }

  /**
   * A new signer where new accounts are paid for. With two possible letters one signature cannot tell which address is
   * real, and taking the wrong one would trade on an account nobody owns; the right one comes back in the next signature.
   * A body that is sent again brings both addresses back and so tells nothing: its nonce is the one already seen.
   */
  function welcome(signers: readonly Address[], nonce: number): Address | null {
    const sure = signers.length === 1 ? signers[0] : signers.find((signer) => (seen.get(signer) ?? nonce) !== nonce);
    if (sure === undefined || autoFund === null) {
      remember(signers, nonce);
      return null;
    }
    seen.delete(sure);
    meet(sure);
    return sure;
  }

  function resolveL1({ signers, nonce }: SignedRequest): Resolved {
    const first = signers[0];
    if (first === undefined) return { refusal: 'Unable to recover signer.' };
    const signer = signers.find(isKnown) ?? welcome(signers, nonce) ?? first;
    const agent = agents.find(signer, exchange.nowMs);
    if (agent !== null) return { signer, master: agent.master };
    const former = agents.formerMaster(signer);
    if (former !== null) return { refusal: `Must deposit before performing actions. User: ${former}` };
    if (!venue.exists(signer)) return { refusal: `User or API Wallet ${signer} does not exist.` };
    return { signer, master: signer };
  }

  function resolveUserSigned(request: SignedRequest): Resolved {
    const { action, signers, nonce } = request;
    const signer = signers[0];
    if (signer === undefined) return { refusal: 'Unable to recover signer.' };
    if (action.signing !== 'user' || action.nonce !== nonce) return { refusal: 'Nonce mismatch.' };
    const expected = network === 'any' ? action.chain : network === 'mainnet' ? 'Mainnet' : 'Testnet';
    if (action.chain !== expected) return { refusal: 'Mainnet and testnet require different signature.' };
    if (!isKnown(signer)) welcome([signer], nonce);
    if (!venue.exists(signer)) return { refusal: `Must deposit before performing actions. User: ${signer}` };
    return { signer, master: signer };
  }

  return {
    meet,
    parties({ signers, vaultAddress }) {
      const signer = signers.find(isKnown) ?? signers[0];
      if (signer === undefined) return [];
      return [vaultAddress ?? agents.find(signer, exchange.nowMs)?.master ?? signer, signer];
    },
    admit(request) {
      const { action, nonce, vaultAddress, expiresAfter } = request;
      const who = action.signing === 'user' ? resolveUserSigned(request) : resolveL1(request);
      if ('refusal' in who) return err(who.refusal);
      const sub = vaultAddress === null ? null : bank.subAccount(vaultAddress);
      if (vaultAddress !== null && sub === null) return err(`Vault not registered: ${vaultAddress}`);
      if (sub !== null && sub.master !== who.master) return err(`Sub-account ${sub.address} is not registered to ${who.master}`);
      const user = vaultAddress ?? who.master;
      const skewMs = exchange.skewOf(action, [user, who.signer]);
      const refusal = nonces.refusal(who.signer, nonce, exchange.nowMs + skewMs);
      if (refusal !== null) return err(refusal);
      // Refused before it is accepted: the nonce stays good and the journal knows nothing of it.
      const spent = hasBudget() ? budgetRefusal(exchange, user, action, exchange.nowMs) : null;
      if (spent !== null) return err(spent);
      // Where new accounts are paid for, a builder is one that was named.
      if (action.signing === 'user' && action.type === 'approveBuilderFee') meetBuilder(action);
      return exchange.execute({ signer: who.signer, user, nonce, expiresAfter, action, skewMs });
    },
  };
}
