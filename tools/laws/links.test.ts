import { expect, it } from 'vitest';
import { linkBreaches } from './links.ts';

const FILES = [
  { path: 'docs/adr/0001-a.md', text: '' },
  { path: 'packages/bot/src/perform.ts', text: '' },
  { path: 'fleet.config.ts', text: '' },
];
const judge = (text: string): readonly string[] =>
  linkBreaches([...FILES, { path: 'docs/README.md', text }]).map(({ line, message }) => `${line}: ${message}`);

it('a link to what is there passes: files, folders, anchors, the web', () => {
  expect(judge('[a](adr/0001-a.md) [b](adr/) [c](../fleet.config.ts) [d](#words) [e](adr/0001-a.md#x) [f](https://example.com/x)')).toEqual(
    [],
  );
});

it('a link to nothing is named with its line', () => {
  expect(judge('first\n\n[a](adr/0002-b.md)')).toEqual(["3: points at 'adr/0002-b.md', which is not there"]);
});

it('a source path in backticks must be there, from the root or from packages/', () => {
  expect(judge('`bot/src/perform.ts` and `packages/bot/src/perform.ts`')).toEqual([]);
  expect(judge('`bot/src/gone.ts`')).toEqual(["1: points at 'bot/src/gone.ts', which is not there"]);
});

it('a name without a folder is only a name', () => {
  expect(judge('`gone.ts`')).toEqual([]);
});

it('a document named in code must be there', () => {
  const code = (text: string) => linkBreaches([...FILES, { path: 'packages/bot/src/a.ts', text }]).length;
  expect(code('// see docs/adr/0001-a.md')).toBe(0);
  expect(code('// see docs/gone.md')).toBe(1);
});
