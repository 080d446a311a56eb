import { BadFile } from './bad-file.ts';
import { readFillsFile } from './fills-file.ts';
import { emptyTally, verifyAccount } from './verification.ts';

const USAGE = `Usage: npm run verify-fills -- FILE.csv[.gz] …
Replays each account's fills through our position accounting and compares dir, startPosition and closedPnl with the venue's.
Prints one JSON line: {"fills", "judged", "matched", "exact", "exceptions": {kind: n}}.`;

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
  return 0;
}

process.exitCode = main(process.argv.slice(2));
