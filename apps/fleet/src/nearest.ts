/** A name this many edits away is a slip; farther off it is another word. */
const EDITS_MAX = 3;

/** The known name a misspelt one most likely means, or null. Letter case does not count. */
export function nearest(name: string, known: readonly string[]): string | null {
  const ranked = known
    .map((each) => ({ each, edits: edits(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, edits }) => edits <= Math.min(EDITS_MAX, Math.ceil(each.length / 2)))
    .sort((a, b) => a.edits - b.edits);
  return ranked[0]?.each ?? known.find((each) => name.length > 1 && each.startsWith(name.toLowerCase())) ?? null;
}

/** Levenshtein distance. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const substituted = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(substituted, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
