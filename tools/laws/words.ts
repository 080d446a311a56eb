import { type Breach, matchingLines, type TextFile } from './source.ts';

/**
 * The tree speaks of the product alone: no path of somebody's machine, no notebook it was planned in, nobody's name for the
 * work of making it. Each entry: what to look for, what to say. Written so that the patterns do not match themselves.
 */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [
    /(?<![\w.])\/(?:work|root|(?:Users|home)\/(?!me\b|you\b))\/?[\w.-]+/,
    'a path of one machine: make it relative, or take it from the environment',
  ],
  [/\b(?:HOUSE|SIGNALS|SEED-SYSTEMS|SDK-NOTES)(?:\.md| §)/, 'a document that is not in this repository: say here what it says'],
  [/\bissues? (?:#|no\. ?)?\d+\b/i, 'a number in a tracker, which is no part of the product'],
  [
    /\b(?:AI|coding|sub|LLM)[ -]?agents?\b|\b(?:system|user) prompts?\b|\b(?:this|previous|earlier|coding) session\b/i,
    'about the making, which is no part of the product',
  ],
  [/\bChat(?:GPT)\b|\bClau(?:de)\b|\bCopi(?:lot)\b/i, 'about the making, which is no part of the product'],
];

/** Words that have no business in a tracked file. */
export const wordBreaches = (files: readonly TextFile[]): readonly Breach[] =>
  files
    .filter(({ path }) => path !== 'package-lock.json')
    .flatMap((file) => FOREIGN.flatMap(([pattern, why]) => matchingLines(file, pattern, (hit) => `'${hit}' is ${why}`)));
