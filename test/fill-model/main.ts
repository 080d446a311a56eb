/**
 * `npm run fill-model -- [--market RECORDING] [--life SECONDS]`: lays passive probes at the touch and one to five price steps
 * behind it through a recorded market, and prints how many filled and how soon, beside what the public prints allow.
 * Ends with 1 when a fill was given that no print could have given, or one withheld that prints prove.
 */
import { parseArgs } from 'node:util';
import { bundledRecordingPath, openRecording } from '@hyperfleet/paper-exchange';
import { readOrExplain } from '../support/usage.ts';
import { type Row, studyFills } from './study.ts';

const USAGE = `npm run fill-model -- [--market RECORDING] [--life SECONDS]

--market  the recorded market (the bundled one)
--life    how long a probe rests (60)`;

const { recording, lifeMs } = readOrExplain(USAGE, () => {
  const { values } = parseArgs({ options: { market: { type: 'string' }, life: { type: 'string', default: '60' } } });
  const asked = Number(values.life) * 1_000;
  if (!(asked >= 1_000)) throw new RangeError(`--life is ${values.life}: give at least 1 second`);
  return { recording: openRecording(values.market ?? bundledRecordingPath), lifeMs: asked };
});
const rows = studyFills({
  instruments: recording.header.instruments,
  events: [...recording.events()],
  distances: [0, 1, 2, 3, 4, 5],
  lifeMs,
  fillsByPrintsOnly: true,
});

const seconds = (ms: number | null): string => (ms === null ? '-' : (ms / 1_000).toFixed(1));
const share = (part: number, whole: number): string => (whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`);
const sum = (pick: (row: Row) => number): number => rows.reduce((total, row) => total + pick(row), 0);

console.log(
  `Probes of $15 resting up to ${lifeMs / 1_000} s; "possible" and "certain" are what prints alone say, "filled" is the venue's answer.`,
);
console.table(
  rows.map((row) => ({
    coin: row.coin,
    behind: row.distance,
    probes: row.probes,
    possible: share(row.possible, row.probes),
    certain: share(row.certain, row.probes),
    filled: share(row.filled, row.probes),
    withheld: row.withheld,
    'wait s': seconds(row.medianWaitMs),
    'possible wait s': seconds(row.medianPossibleWaitMs),
  })),
);
const invented = sum((row) => row.invented);
const refused = sum((row) => row.refused);
console.log(
  `${sum((row) => row.probes)} probes, ${sum((row) => row.filled)} filled; ` +
    `${sum((row) => row.withheld)} possible fills withheld, ${invented} fills no print could have given, ${refused} certain fills missed`,
);
process.exitCode = invented + refused > 0 ? 1 : 0;
