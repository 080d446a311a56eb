import { expect, test } from 'vitest';
import { FeedFileError, parseFeed } from './rows.ts';

test('rows are fed by time, and in file order at the same time', () => {
  const feed = parseFeed(
    JSON.stringify([
      { atMs: 20, row: { symbol: 'late' } },
      { atMs: 10, row: { symbol: 'first' }, comment: 'ends as closed' },
      { atMs: 10, control: { bot_id: 'ALL', command: 'PAUSE' } },
      { atMs: 10, row: { symbol: 'third', sl_moved_to_be: true, stop_loss: null, entry_1: '1000' } },
    ]),
  );
  expect(feed.map(({ index, table }) => [index, table])).toEqual([
    [1, 'signals'],
    [2, 'bot_controls'],
    [3, 'signals'],
    [0, 'signals'],
  ]);
  expect(feed[2]?.row).toEqual({ symbol: 'third', sl_moved_to_be: 1, stop_loss: null, entry_1: '1000' });
});

test.each([
  ['{', 'is no JSON'],
  ['{}', 'must be a list'],
  ['[3]', 'row 1 is no object'],
  ['[{"row":{}}]', 'row 1: atMs is missing'],
  ['[{"atMs":"soon","row":{}}]', 'atMs is "soon"'],
  ['[{"atMs":-1,"row":{}}]', 'atMs is -1'],
  ['[{"atMs":1}]', 'either "row" or "control"'],
  ['[{"atMs":1,"row":{},"control":{}}]', 'either "row" or "control"'],
  ['[{"atMs":1,"row":[]}]', '"row" must be an object'],
  ['[{"atMs":1,"row":{"notes":{}}}]', 'column "notes" is {}'],
  ['[{"atMs":1,"rows":{}}]', '"rows" means nothing here'],
])('%s is refused and named', (text, message) => {
  expect(() => parseFeed(text)).toThrow(FeedFileError);
  expect(() => parseFeed(text)).toThrow(message);
});
