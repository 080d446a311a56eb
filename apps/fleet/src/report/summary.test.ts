import { expect, test } from 'vitest';
import { plainly } from '../board/paint.ts';
import { summaryLines } from './summary.ts';

const VENUE = { accepted: 0, rejected: 0, fills: 0, duplicateCloids: 0, nakedMsMax: 0, nakedWallMsMax: 0, conservationErrorUsd: 0 };
const BOT = { id: 'B', state: 'active', equityStartUsd: 10_000, transfersUsd: 0, acknowledgedUsd: 0, restarts: 0 };

const lineOf = (equityEndUsd: number): string =>
  summaryLines({ speed: 10, signals: [], bots: [{ ...BOT, equityEndUsd }], venue: VENUE }, plainly).find((line) => line.includes('B  ')) ??
  '';

test('an equity and its change say the same, to the cent and whole', () => {
  expect(lineOf(9_991.625)).toMatch(/ 9,991\.62 +−8\.38$/);
  expect(lineOf(10_008.378)).toMatch(/ 10,008\.37 +\+8\.37$/);
  expect(lineOf(5_603.83)).toMatch(/ 5,603\.83 +−4,396\.17$/);
  expect(lineOf(1_005_603.83)).toMatch(/ 1,005,603\.83 +\+995,603\.83$/);
});
