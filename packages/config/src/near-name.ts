/** Edits to turn one word into the other: a letter put in, left out, exchanged, or swapped with its neighbour (Damerau–Levenshtein). */
function editDistance(from: string, to: string): number {
  const width = to.length + 1;
  const cells = new Array<number>((from.length + 1) * width).fill(0);
  const at = (i: number, j: number): number => cells[i * width + j] ?? 0;
  for (let i = 0; i <= from.length; i += 1) {
    for (let j = 0; j <= to.length; j += 1) {
      if (i === 0 || j === 0) {
        cells[i * width + j] = i + j;
        continue;
      }
      const same = from[i - 1] === to[j - 1] ? 0 : 1;
      let edits = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + same);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) edits = Math.min(edits, at(i - 2, j - 2) + 1);
      cells[i * width + j] = edits;
    }
  }
  return at(from.length, to.length);
}

/** The known name somebody most likely meant, or null when none is near: at most one edit in three letters, case and `_`/`-` ignored. */
export function nearName(written: string, known: readonly string[]): string | null {
  const plain = (name: string): string => name.toLowerCase().replace(/[_-]/g, '');
  let best: { name: string; edits: number } | null = null;
  for (const name of known) {
    const edits = editDistance(plain(written), plain(name));
    if (edits <= Math.floor(name.length / 3) && (best === null || edits < best.edits)) best = { name, edits };
  }
  return best?.name ?? null;
}
