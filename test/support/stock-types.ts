import { DeclaredTypes } from './declared-types.ts';

const ROOT = new URL('../../node_modules/@nktkas/hyperliquid/esm/api/', import.meta.url).pathname;
const types = new DeclaredTypes();

type Part = 'info' | 'exchange' | 'subscription';

/** What a method of the stock client promises, by its own declarations: the file, and the name of the type. */
function promised(part: Part, method: string): readonly [file: string, name: string] {
  const file = `${ROOT}${part}/_methods/${method}.d.ts`;
  const given = part === 'subscription' ? /listener: \(data: (\w+)\) => void/ : /\): Promise<(\w+)>/;
  const name = given.exec(types.text(file))?.[1];
  if (name === undefined) throw new Error(`${file} declares no answer of ${method}`);
  // What is left of a response once refusals are thrown: the declaration of the whole is read instead.
  return [file, name.replace(/SuccessResponse$/, 'Response')];
}

/** What is wrong with an answer, by the type the stock client's package declares for it; nothing when it fits. */
export function unlikePromised(part: Part, method: string, answer: unknown): readonly string[] {
  return types.complaints(...promised(part, method), answer);
}

/** The methods of a stock client, as a user has them. */
export const methodsOf = (client: { readonly prototype: object }): readonly string[] =>
  Object.getOwnPropertyNames(client.prototype).filter((name) => name !== 'constructor');
