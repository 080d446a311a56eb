import { BadFile } from './bad-file.ts';
import { readFillsFile } from './fills-file.ts';
import { differing, emptyTally, verifyAccount } from './verification.ts';

const USAGE = `Usage: npm run verify-fills -- FILE.csv[.gz] …
Replays each account's fills through our position accounting and compares dir, startPosition and closedPnl with the venue's.
Prints one JSON line: {"fills", "judged", "matched", "exact", "exceptions": {kind: n}}.

Exit codes: 0 no row differs · 1 some do: another dir, a startPosition that does not follow from the row before, or a closedPnl off by more
than a cent and by more than 0.01 % of the notional (the exceptions dir, startPosition and mismatch; the others are what a record cannot
tell) · 2 the command line or a file is wrong.`;

function main(files: readonly string[]): number {
  const isAsked = files.includes('--help') || files.includes('-h');
  if (isAsked || files.length === 0) {
    (isAsked ? process.stdout : process.stderr).write(`${USAGE}\n`);
    return isAsked ? 0 : 2;
  }
  const tally = emptyTally();
  try {
    for (const file of files) verifyAccount(file, readFillsFile(file), tally);
  } catch (error) {
    if (!(error instanceof BadFile)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 2;
  }
  process.stdout.write(`${JSON.stringify(tally)}\n`);
  return differing(tally) === 0 ? 0 : 1;
}

process.exitCode = main(process.argv.slice(2));
