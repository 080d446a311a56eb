import { expect, test } from 'vitest';
import { createFeedNews } from './market-data.ts';

test('a feed that is lost is told once, however often it is tried, and once that it is back', () => {
  const said: string[] = [];
  const hear = createFeedNews({ onFeedLost: (reason) => void said.push(reason), onFeedBack: () => void said.push('back') });
  for (const reason of ['closed', 'refused', 'refused']) hear({ kind: 'disconnected', reason });
  hear({ kind: 'connected' });
  hear({ kind: 'connected' });
  hear({ kind: 'disconnected', reason: 'closed again' });
  expect(said).toEqual(['closed', 'back', 'closed again']);
});
