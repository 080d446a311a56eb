/**
 * Judges values by the types a package declares for them, read out of its own `.d.ts` files: field names, which of them may be
 * left out, JSON types, literal words, and the `@pattern` its comments give for texts. What is read is the part of the language
 * those files use; anything else is an error, not a guess.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

type Word = 'string' | 'number' | 'boolean' | 'null' | 'undefined' | 'unknown';

interface Field {
  readonly type: Type;
  readonly isOptional: boolean;
}

type Type =
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Field>; readonly index: Type | null }
  | { readonly kind: 'array'; readonly item: Type }
  | { readonly kind: 'tuple'; readonly items: readonly Field[]; readonly rest: Type | null }
  | { readonly kind: 'union' | 'both'; readonly of: readonly Type[] }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'word'; readonly word: Word; readonly pattern: RegExp | null }
  /** `Exclude<of, without>`. */
  | { readonly kind: 'but'; readonly of: Type; readonly without: Type }
  | { readonly kind: 'named'; readonly name: string; readonly file: string };

const TOKEN =
  /\s*(?:(?<comment>\/\*[\s\S]*?\*\/)|(?<literal>"[^"]*")|(?<template>`[^`]*`)|(?<number>-?\d+(?:\.\d+)?)|(?<name>[A-Za-z_$][\w.$]*)|(?<mark>\.\.\.|[{}[\]()|&?:;,<>]))/y;
const PATTERN = /@pattern (.+)/;
const WORDS: ReadonlySet<string> = new Set<Word>(['string', 'number', 'boolean', 'null', 'undefined', 'unknown']);
const isWord = (name: string): name is Word => WORDS.has(name);

/** Reads one type that begins at an offset of a file. */
class Reader {
  readonly #text: string;
  readonly #file: string;
  #at: number;
  /** Of the comment read last: it speaks of the field that follows. */
  #pattern: RegExp | null = null;

  constructor(text: string, file: string, at: number) {
    this.#text = text;
    this.#file = file;
    this.#at = at;
  }

  #peek(): { readonly text: string; readonly kind: string; readonly next: number } {
    for (;;) {
      TOKEN.lastIndex = this.#at;
      const groups = TOKEN.exec(this.#text)?.groups;
      const [kind, text] = Object.entries(groups ?? {}).find(([, found]) => found !== undefined) ?? [];
      if (kind === undefined || text === undefined)
        throw new Error(`${this.#file}: cannot read a type at ${this.#text.slice(this.#at, this.#at + 60)}`);
      if (kind !== 'comment') return { text, kind, next: TOKEN.lastIndex };
      this.#at = TOKEN.lastIndex;
      const pattern = PATTERN.exec(text)?.[1];
      this.#pattern = pattern === undefined ? null : new RegExp(pattern.replace(/\*\/$/, '').trim());
    }
  }

  #take(): string {
    const { text, next } = this.#peek();
    this.#at = next;
    return text;
  }

  #skip(mark: string): boolean {
    const { text, next } = this.#peek();
    if (text === mark) this.#at = next;
    return text === mark;
  }

  #demand(mark: string): void {
    const { text } = this.#peek();
    if (!this.#skip(mark)) throw new Error(`${this.#file}: expected ${mark}, found ${text}`);
  }

  type(pattern: RegExp | null = null): Type {
    return this.#several('|', 'union', () => this.#several('&', 'both', () => this.#postfixed(pattern)));
  }

  #several(mark: '|' | '&', kind: 'union' | 'both', read: () => Type): Type {
    this.#skip(mark);
    const of = [read()];
    while (this.#skip(mark)) of.push(read());
    const [only] = of;
    return of.length === 1 && only !== undefined ? only : { kind, of };
  }

  #postfixed(pattern: RegExp | null): Type {
    let type = this.#primary(pattern);
    while (this.#skip('[')) {
      this.#demand(']');
      type = { kind: 'array', item: type };
    }
    return type;
  }

  #primary(pattern: RegExp | null): Type {
    const { kind } = this.#peek();
    const text = this.#take();
    if (text === '{') return this.#object();
    if (text === '[') return this.#tuple();
    if (text === '(') {
      const inner = this.type(pattern);
      this.#demand(')');
      return inner;
    }
    if (kind === 'literal') return { kind: 'literal', value: text.slice(1, -1) };
    if (kind === 'number') return { kind: 'literal', value: Number(text) };
    if (kind === 'template') return { kind: 'word', word: 'string', pattern: pattern ?? ofTemplate(text.slice(1, -1)) };
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
    if (kind === 'name' && isWord(text)) return { kind: 'word', word: text, pattern };
    if (text === 'Exclude') {
      this.#demand('<');
      const of = this.type();
      this.#demand(',');
      const without = this.type();
      this.#demand('>');
      return { kind: 'but', of, without };
    }
    if (kind === 'name' && this.#peek().text !== '<') return { kind: 'named', name: text, file: this.#file };
    throw new Error(`${this.#file}: cannot read the type ${text}`);
  }

  #object(): Type {
    const fields = new Map<string, Field>();
    let index: Type | null = null;
    this.#pattern = null;
    while (!this.#skip('}')) {
      if (this.#skip('[')) {
        this.#take();
        this.#demand(':');
        this.#take();
        this.#demand(']');
        index = this.#afterColon();
      } else {
        const name = this.#take().replaceAll('"', '');
        const isOptional = this.#skip('?');
        fields.set(name, { isOptional, type: this.#afterColon() });
      }
      this.#skip(';');
      this.#pattern = null;
    }
    return { kind: 'object', fields, index };
  }

  #afterColon(): Type {
    const pattern = this.#pattern;
    this.#demand(':');
    return this.type(pattern);
  }

  #tuple(): Type {
    const items: Field[] = [];
    let rest: Type | null = null;
    this.#pattern = null;
    while (!this.#skip(']')) {
      const isRest = this.#skip('...');
      const named = /\s*(?:\/\*[\s\S]*?\*\/\s*)*[A-Za-z_$]\w*\??:/y;
      named.lastIndex = this.#at;
      let isOptional = false;
      this.#peek();
      const pattern = this.#pattern;
      if (named.test(this.#text)) {
        this.#take();
        isOptional = this.#skip('?');
        this.#demand(':');
      }
      const type = this.type(pattern);
      if (isRest) rest = type.kind === 'array' ? type.item : type;
      else items.push({ type, isOptional });
      this.#skip(',');
      this.#pattern = null;
    }
    return { kind: 'tuple', items, rest };
  }
}

/** The texts a template literal type stands for. */
function ofTemplate(template: string): RegExp {
  const source = template
    .split(/(\$\{\w+\})/)
    .map((part) => {
      if (!part.startsWith('${')) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return part.includes('number') ? '-?\\d+(\\.\\d+)?' : '.*';
    })
    .join('');
  return new RegExp(`^${source}$`);
}

const nameOf = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);

/** The types of a folder of declarations. */
export class DeclaredTypes {
  readonly #texts = new Map<string, string>();
  readonly #types = new Map<string, Type>();

  /** The text of a declaration file. */
  text(file: string): string {
    const text = this.#texts.get(file) ?? readFileSync(file, 'utf8');
    this.#texts.set(file, text);
    return text;
  }

  /** What is wrong with a value that should be of an exported type of a file: one line each, none when it fits. */
  complaints(file: string, name: string, value: unknown): readonly string[] {
    return this.#judge(this.#named(file, name), value, name);
  }

  #named(file: string, name: string): Type {
    const key = `${file} ${name}`;
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    const type = this.#find(file, name);
    if (type === null) throw new Error(`${file} has no type ${name}`);
    this.#types.set(key, type);
    return type;
  }

  #find(file: string, name: string): Type | null {
    const text = this.text(file);
    const declared = new RegExp(`^(?:export )?(?:declare )?type ${name} = `, 'm').exec(text);
    if (declared !== null) return new Reader(text, file, declared.index + declared[0].length).type();
    const from = (specifier: string): string => resolve(dirname(file), specifier.replace(/\.js$/, '.d.ts'));
    for (const [, names = '', specifier = ''] of text.matchAll(/^import (?:type )?\{([^}]*)\} from "(\.[^"]*)"/gm))
      if (names.split(',').some((it) => it.trim().replace(/^type /, '') === name)) return this.#find(from(specifier), name);
    for (const [, specifier = ''] of text.matchAll(/^export \* from "(\.[^"]*)"/gm)) {
      const found = this.#find(from(specifier), name);
      if (found !== null) return found;
    }
    return null;
  }

  #judge(type: Type, value: unknown, path: string): readonly string[] {
    switch (type.kind) {
      case 'named':
        return this.#judge(this.#named(type.file, type.name), value, path);
      case 'word':
        return this.#judgeWord(type, value, path);
      case 'literal':
        return value === type.value ? [] : [`${path}: expected ${nameOf(type.value)}, found ${nameOf(value)}`];
      case 'array':
        if (!Array.isArray(value)) return [`${path}: expected a list, found ${nameOf(value)}`];
        return value.flatMap((item, index) => this.#judge(type.item, item, `${path}[${index}]`));
      case 'tuple':
        return this.#judgeTuple(type, value, path);
      case 'object':
        return this.#judgeObject(type, value, path);
      case 'but':
        if (this.#judge(type.without, value, path).length === 0) return [`${path}: must not be ${nameOf(value)}`];
        return this.#judge(type.of, value, path);
      case 'both':
        return this.#judgeObject(this.#merged(type.of), value, path);
      case 'union': {
        const all = type.of.map((one) => this.#judge(one, value, path));
        return all.reduce((best, found) => (found.length < best.length ? found : best));
      }
      default:
        return type satisfies never;
    }
  }

  #judgeWord({ word, pattern }: Extract<Type, { kind: 'word' }>, value: unknown, path: string): readonly string[] {
    const found = value === null ? 'null' : typeof value;
    if (word === 'unknown') return [];
    if (found !== word) return [`${path}: expected ${word}, found ${nameOf(value)}`];
    if (pattern === null || typeof value !== 'string' || pattern.test(value)) return [];
    return [`${path}: ${nameOf(value)} is not of the form ${pattern.source}`];
  }

  #judgeTuple({ items, rest }: Extract<Type, { kind: 'tuple' }>, value: unknown, path: string): readonly string[] {
    if (!Array.isArray(value)) return [`${path}: expected a list, found ${nameOf(value)}`];
    const least = items.filter((item) => !item.isOptional).length;
    if (value.length < least || (rest === null && value.length > items.length))
      return [`${path}: expected ${items.length} elements, found ${value.length}`];
    return value.flatMap((item, index) => {
      const type = items[index]?.type ?? rest;
      return type === null ? [] : this.#judge(type, item, `${path}[${index}]`);
    });
  }

  #judgeObject({ fields, index }: Extract<Type, { kind: 'object' }>, value: unknown, path: string): readonly string[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${path}: expected an object, found ${nameOf(value)}`];
    const own = new Map<string, unknown>(Object.entries(value));
    const found = [...fields].flatMap(([name, field]) => {
      if (own.has(name)) return this.#judge(field.type, own.get(name), `${path}.${name}`);
      return field.isOptional ? [] : [`${path}.${name}: is missing`];
    });
    for (const [name, item] of own) {
      if (fields.has(name)) continue;
      if (index === null) found.push(`${path}.${name}: no such field`);
      else found.push(...this.#judge(index, item, `${path}.${name}`));
    }
    return found;
  }

  #merged(parts: readonly Type[]): Extract<Type, { kind: 'object' }> {
    const objects = parts.map((part) => (part.kind === 'named' ? this.#named(part.file, part.name) : part));
    const fields = new Map<string, Field>();
    for (const part of objects) {
      if (part.kind !== 'object') throw new Error(`cannot read an intersection with a ${part.kind}`);
      for (const [name, field] of part.fields) fields.set(name, field);
    }
    return { kind: 'object', fields, index: null };
  }
}
