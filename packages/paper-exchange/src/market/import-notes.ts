/** What an import had to leave out or put right, for the person who ran it. */
export interface ImportNotes {
  /** A row said nothing usable. */
  skip(reason: string, file: string, line: number): void;
  /** A row was received before rows above it, within the window, and was put in its place. */
  sorted(): void;
  /** A row came too late for that and is taken as received with the row above. */
  late(): void;
  readonly skipped: ReadonlyMap<string, { readonly count: number; readonly first: string }>;
  readonly sortedRows: number;
  readonly lateRows: number;
}

export function createNotes(): ImportNotes {
  const skipped = new Map<string, { count: number; first: string }>();
  let sortedRows = 0;
  let lateRows = 0;
  return {
    skipped,
    skip(reason, file, line) {
      const known = skipped.get(reason);
      if (known === undefined) skipped.set(reason, { count: 1, first: `${file}, line ${line}` });
      else known.count += 1;
    },
    sorted: () => {
      sortedRows += 1;
    },
    late: () => {
      lateRows += 1;
    },
    get sortedRows() {
      return sortedRows;
    },
    get lateRows() {
      return lateRows;
    },
  };
}
