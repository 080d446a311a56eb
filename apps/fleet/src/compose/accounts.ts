import { type BotConfig, type ConfigProblem, listProblems, problem, takeSecrets } from '@hyperfleet/config';
import { type Address, addressOfKey, PrivateKeyError } from '@hyperfleet/hyperliquid';
import type { MicroUsd } from '@hyperfleet/trading';
import { keepPaperKeys, PaperKeysError } from './paper-keys.ts';
import { type Plan, PlanError } from './plan.ts';

/** One bot's account at the venue. */
export interface BotAccount {
  readonly id: string;
  readonly privateKey: string;
  /** The account traded for: the signer's own, unless the key is an agent's. */
  readonly address: string;
  /** The address of the key. */
  readonly signer: string;
  readonly usd: MicroUsd;
}

/** A bot, where its configuration stands, and what it points at. */
interface PointingBot {
  readonly bot: Pick<BotConfig, 'id' | 'keyEnv' | 'accountEnv' | 'paperUsd'>;
  /** As one would write it: `bots[1]`. */
  readonly field: string;
  readonly privateKey: string;
  /** What `accountEnv` holds; null where the key's own account is traded. */
  readonly account: string | null;
}

const keyField = ({ bot, field }: Pick<PointingBot, 'bot' | 'field'>): readonly [string, string] =>
  bot.keyEnv === null ? [`${field}.id`, bot.id] : [`${field}.keyEnv`, bot.keyEnv];

/** Which option says whose account a bot trades, and what stands there. */
const accountField = ({ bot, field }: Pick<PointingBot, 'bot' | 'field'>): readonly [string, string] => {
  if (bot.accountEnv !== null) return [`${field}.accountEnv`, bot.accountEnv];
  return keyField({ bot, field });
};

function sharedKey(pointing: PointingBot, earlier: PointingBot, keysPath: string): ConfigProblem {
  const [field, value] = keyField(pointing);
  const held = ({ bot }: PointingBot): string => (bot.keyEnv === null ? `in ${keysPath}` : `in ${bot.keyEnv}`);
  const both = `the key of "${pointing.bot.id}" (${held(pointing)}) is that of "${earlier.bot.id}" (${held(earlier)}) too`;
  return problem(field, value, `${both}; give each bot a key of its own`);
}

function sharedAccount(pointing: PointingBot, earlier: PointingBot, address: string): ConfigProblem {
  const [field, value] = accountField(pointing);
  const [otherField, otherValue] = accountField(earlier);
  return problem(
    field,
    value,
    `"${pointing.bot.id}" would trade the account ${address}, which "${earlier.bot.id}" trades by ${otherField} "${otherValue}"; ` +
      'two bots on one account spoil each other’s positions: give each an account of its own',
  );
}

/** The address of a bot's key; null and a problem where no key of the curve is that number. Throws PaperKeysError for a drawn one. */
function signerOf({ bot, field, privateKey }: PointingBot, see: { keysPath: string; problems: ConfigProblem[] }): Address | null {
  try {
    return addressOfKey(privateKey);
  } catch (error) {
    if (!(error instanceof PrivateKeyError)) throw error;
    if (bot.keyEnv === null)
      throw new PaperKeysError(`${see.keysPath} holds no valid key for ${bot.id}; restore it, or start with another --data-dir`);
    const remedy =
      'it names a variable that holds no private key: zero, or beyond the range of such keys; set it to a key that was made as one';
    see.problems.push(problem(`${field}.keyEnv`, bot.keyEnv, remedy));
    return null;
  }
}

/**
 * The accounts of bots by what they point at. Throws PlanError, or PaperKeysError for a key that was drawn; both name bot and option,
 * never a key.
 */
export function toAccounts(bots: readonly PointingBot[], keysPath: string): readonly BotAccount[] {
  const problems: ConfigProblem[] = [];
  const signers = new Map<string, PointingBot>();
  const traders = new Map<string, PointingBot>();
  const accounts = bots.flatMap((pointing): BotAccount[] => {
    const { bot, privateKey, account } = pointing;
    const signer = signerOf(pointing, { keysPath, problems });
    if (signer === null) return [];
    const address = account?.toLowerCase() ?? signer;
    const twin = signers.get(signer);
    const earlier = traders.get(address);
    if (twin === undefined) signers.set(signer, pointing);
    if (earlier === undefined) traders.set(address, pointing);
    if (twin !== undefined) problems.push(sharedKey(pointing, twin, keysPath));
    else if (earlier !== undefined) problems.push(sharedAccount(pointing, earlier, address));
    return [{ id: bot.id, privateKey, address, signer, usd: bot.paperUsd }];
  });
  if (problems.length > 0) throw new PlanError(listProblems(problems));
  return accounts;
}

/** Keys and accounts named in the configuration are taken out of the environment; the other keys are drawn and kept. */
export function openAccounts({ fleet, bots, files }: Plan, traded: readonly string[]): readonly BotAccount[] {
  const secrets = takeSecrets(bots.flatMap(({ keyEnv, accountEnv }) => [keyEnv, accountEnv].filter((name) => name !== null)));
  const drawn = keepPaperKeys(
    files.keys,
    bots.filter(({ keyEnv }) => keyEnv === null).map(({ id }) => id),
    traded,
  );
  return toAccounts(
    bots.map((bot) => ({
      bot,
      field: `bots[${fleet.bots.indexOf(bot)}]`,
      privateKey: (bot.keyEnv === null ? drawn.get(bot.id) : secrets.get(bot.keyEnv)?.trim()) ?? '',
      account: bot.accountEnv === null ? null : (secrets.get(bot.accountEnv)?.trim() ?? null),
    })),
    files.keys,
  );
}
