import type { Address } from './fields.ts';

const DAY_MS = 86_400_000;
const DEFAULT_LIFE_MS = 90 * DAY_MS;
const MAX_LIFE_MS = 180 * DAY_MS;
const REMOVAL_MS = 5_000;
const NAMED_MAX = 3;
const NAMED_PER_SUB_ACCOUNT = 2;
const VALID_UNTIL = / valid_until (\d{1,15})$/;
const ZERO = `0x${'0'.repeat(40)}`;

interface Agent {
  readonly master: Address;
  readonly address: Address;
  /** "" for the one unnamed agent. */
  readonly name: string;
  readonly validUntilMs: number;
}

interface ApproveAgent {
  readonly master: Address;
  readonly address: Address;
  /** As signed, with its ` valid_until <ms>` suffix if it has one. */
  readonly name: string;
  readonly subAccounts: number;
}

/** API wallets: keys that act for a master account (PROTOCOL §2.3). */
export interface AgentBook {
  /** Applies an approveAgent. Returns the venue's error text, or null when done. */
  approve(request: ApproveAgent, nowMs: number): string | null;
  /** Lets an agent's time end now. False when it is none, or no more. */
  expire(address: Address, nowMs: number): boolean;
  /** The live agent behind this address at `nowMs`. */
  find(address: Address, nowMs: number): Agent | null;
  /** The master this address acted for before it was removed, replaced or expired. */
  formerMaster(address: Address): Address | null;
  /** Live agents of a master, in order of approval. */
  of(master: Address, nowMs: number): readonly Agent[];
}

/** Creates an empty book of agents. */
export function createAgentBook(): AgentBook {
  const agents = new Map<Address, Agent>();
  const former = new Map<Address, Address>();
  const removing = new Map<Address, number>();

  const of = (master: Address, nowMs: number): readonly Agent[] =>
    [...agents.values()].filter((agent) => agent.master === master && agent.validUntilMs >= nowMs);

  const drop = (agent: Agent): void => {
    agents.delete(agent.address);
    former.set(agent.address, agent.master);
  };

  function approve({ master, address, name: signed, subAccounts }: ApproveAgent, nowMs: number): string | null {
    if ((removing.get(master) ?? 0) > nowMs) return 'User has pending agent removal';
    const suffix = VALID_UNTIL.exec(signed);
    const name = suffix === null ? signed : signed.slice(0, suffix.index);
    if (name.length > 16 || (suffix !== null && name === '')) return 'Extra agent name must be between 1 and 16 characters long';
    const validUntilMs = suffix?.[1] === undefined ? nowMs + DEFAULT_LIFE_MS : Number(suffix[1]);
    if (validUntilMs <= nowMs || validUntilMs > nowMs + MAX_LIFE_MS) return 'Agent valid_until already expired.';
    const same = of(master, nowMs).find((agent) => agent.name === name);
    if (address === ZERO) {
      if (same === undefined) return null;
      drop(same);
      removing.set(master, nowMs + REMOVAL_MS);
      return null;
    }
    const renews = agents.get(address);
    if ((renews !== undefined && renews.address !== same?.address) || former.has(address) || address === master)
      return 'Extra agent already used.';
    const limit = NAMED_MAX + NAMED_PER_SUB_ACCOUNT * subAccounts;
    const named = of(master, nowMs).filter((agent) => agent.name !== '').length;
    if (name !== '' && same === undefined && named >= limit) {
      return `Too many extra agents for cumulative volume traded. Current limit is ${limit}`;
    }
    if (same !== undefined && same.address !== address) drop(same);
    agents.set(address, { master, address, name, validUntilMs });
    return null;
  }

  return {
    approve,
    expire(address, nowMs) {
      const agent = agents.get(address);
      if (agent === undefined || agent.validUntilMs < nowMs) return false;
      agents.set(address, { ...agent, validUntilMs: nowMs - 1 });
      return true;
    },
    find(address, nowMs) {
      const agent = agents.get(address);
      return agent === undefined || agent.validUntilMs < nowMs ? null : agent;
    },
    formerMaster: (address) => former.get(address) ?? agents.get(address)?.master ?? null,
    of,
  };
}
