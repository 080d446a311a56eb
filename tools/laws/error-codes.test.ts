import { describe, expect, it } from 'vitest';
import { errorCodeBreaches } from './error-codes.ts';
import { parseSource } from './source.ts';

const LISTED = `
export const STORE_ERROR_CODES = ['locked', 'disk-full'] as const;
export class StoreError extends Error {
  readonly code: (typeof STORE_ERROR_CODES)[number];
  readonly retry: 'now' | 'later' | 'never';
}`;
const SINGLE = `export class KeyError extends Error { readonly code = 'key-invalid'; readonly retry = 'never'; }`;
const BOOK = '# Errors\n\n## StoreError\n\n### `locked`\n\ntext\n\n### disk-full\n';

const judge = (code: string, book: string | null): readonly string[] =>
  errorCodeBreaches(
    [parseSource({ path: 'packages/store/src/a.ts', text: code })],
    book === null ? undefined : { path: 'docs/errors.md', text: book },
  ).map(({ path, message }) => `${path}: ${message}`);

describe('error codes', () => {
  it('pass when code and book agree, with or without backticks', () => {
    expect(judge(LISTED, BOOK)).toEqual([]);
    expect(judge(SINGLE, '## KeyError\n### `key-invalid`\n')).toEqual([]);
  });

  it('are read from a union of strings as well', () => {
    const union = `type Code = 'locked' | 'disk-full';\nexport class StoreError extends Error { readonly code: Code; readonly retry: 'later'; }`;
    expect(judge(union, BOOK)).toEqual([]);
    expect(judge(union.replace("'locked'", "'locked' | 'melted'"), BOOK)).toEqual([expect.stringMatching(/'melted' has no heading/)]);
  });

  it('are no codes when they only decide whether to retry', () => {
    expect(judge(LISTED, `${BOOK}\n### later\n`)).toHaveLength(1);
  });

  it('fail when a code has no heading', () => {
    expect(judge(LISTED, BOOK.replace('### disk-full', ''))).toEqual([
      expect.stringMatching(/^packages\/store.*'disk-full' has no heading/),
    ]);
  });

  it('fail when a heading stands under another class', () => {
    expect(judge(LISTED, BOOK.replace('## StoreError', '## OtherError'))).toHaveLength(4);
  });

  it('fail when a heading has no code', () => {
    expect(judge(LISTED, `${BOOK}### melted\n`)).toEqual([
      expect.stringMatching(/^docs\/errors\.md: StoreError 'melted' is explained, but/),
    ]);
  });

  it('fail when the book is missing', () => {
    expect(judge(LISTED, null)).toEqual(['docs/errors.md: is missing']);
  });

  it('fail when a class with a code lists none', () => {
    expect(judge(`export class WireError extends Error { readonly code: string; readonly retry: string; }`, '')).toEqual([
      expect.stringMatching(/WireError has a code, but this file does not list which/),
    ]);
  });

  it('fail when an error does not say whether trying again helps', () => {
    expect(judge(SINGLE.replace(" readonly retry = 'never';", ''), '## KeyError\n### key-invalid\n')).toEqual([
      expect.stringMatching(/KeyError has a code but no retry/),
    ]);
  });

  it('leave errors without a code alone: they never leave their file', () => {
    expect(judge('class Unreadable extends Error {}', '')).toEqual([]);
  });
});
