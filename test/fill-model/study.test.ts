import { bundledRecordingPath, openRecording } from '@hyperfleet/paper-exchange';
import { describe, expect, it } from 'vitest';
import { type Row, studyFills } from './study.ts';

const { header, events } = openRecording(bundledRecordingPath);
const study = (fillsByPrintsOnly: boolean): Row[] =>
  studyFills({
    instruments: header.instruments,
    events: [...events()],
    distances: [0, 1, 2, 3, 4, 5],
    lifeMs: 60_000,
    fillsByPrintsOnly,
  });
const total = (rows: readonly Row[], pick: (row: Row) => number): number => rows.reduce((sum, row) => sum + pick(row), 0);

describe('passive probes in the bundled recording', () => {
  const rows = study(true);

  it('fill only by prints that could have met them, and always by prints that must have', () => {
    expect(total(rows, (row) => row.invented)).toBe(0);
    expect(total(rows, (row) => row.refused)).toBe(0);
  });

  it('fill on every coin at every distance, less often than prints allow and more often than they prove', () => {
    for (const row of rows) {
      expect(row.filled).toBeGreaterThan(0);
      expect(row.filled).toBeLessThanOrEqual(row.possible);
      expect(row.filled).toBeGreaterThanOrEqual(row.certain);
      expect(row.possible - row.filled).toBe(row.withheld);
    }
  });

  it('wait in the queue at the touch: some fills that prints allow are withheld there', () => {
    expect(
      total(
        rows.filter((row) => row.distance === 0),
        (row) => row.withheld,
      ),
    ).toBeGreaterThan(0);
  });

  it('would be caught by this study if a book alone filled them', () => {
    expect(total(study(false), (row) => row.invented)).toBeGreaterThan(0);
  });
});
