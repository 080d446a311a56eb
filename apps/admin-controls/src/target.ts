/** Which bots a target names. */
export type Target =
  | { readonly kind: 'bots'; readonly bots: readonly string[]; readonly all: boolean }
  | { readonly kind: 'error'; readonly reason: string };

/** A bot id, a unique prefix of one, or ALL; case does not matter. */
export function resolveTarget(text: string, bots: readonly string[]): Target {
  const wanted = text.trim().toLowerCase();
  const list = bots.map((bot) => `"${bot}"`).join(', ');
  if (wanted === '') return { kind: 'error', reason: `no target given; the bots are ${list}, or ALL` };
  const exact = bots.find((bot) => bot.toLowerCase() === wanted);
  if (exact !== undefined) return { kind: 'bots', bots: [exact], all: false };
  if (wanted === 'all') return { kind: 'bots', bots, all: true };
  const found = bots.filter((bot) => bot.toLowerCase().startsWith(wanted));
  const [only] = found;
  if (only !== undefined && found.length === 1) return { kind: 'bots', bots: [only], all: false };
  if (found.length === 0) return { kind: 'error', reason: `no bot is called "${text}"; the bots are ${list}, or ALL` };
  return { kind: 'error', reason: `"${text}" could be ${found.map((bot) => `"${bot}"`).join(' or ')}; write more of the name` };
}
