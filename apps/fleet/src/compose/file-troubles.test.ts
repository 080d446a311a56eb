import { expect, test } from 'vitest';
import { createFileTroubles } from './file-troubles.ts';

const FILES = { ledger: 'data/ledger.db', signals: 'data/signals.db' };
const locked = (path: string): string => `${path} is locked by another connection; close what holds it, or wait`;

test('a trouble that several meet is told once with what waits for it, and once when nobody meets it any more', () => {
  const said: string[] = [];
  const troubles = createFileTroubles(FILES, (text) => void said.push(text));
  const reason = locked(FILES.signals);
  for (const bot of ['A', 'B', 'A']) troubles.met(bot, reason);
  expect(said).toEqual([`${reason}; entries and exits wait meanwhile, stops and targets are kept`]);
  troubles.over('A', reason);
  troubles.over('C', reason);
  expect(said).toHaveLength(1);
  troubles.left('B');
  troubles.over('B', reason);
  expect(said.slice(1)).toEqual([`over: ${reason}`]);
  expect(troubles.isLedgerMet()).toBe(false);
  troubles.met('fleet', locked(FILES.ledger));
  expect(troubles.isLedgerMet()).toBe(true);
});
