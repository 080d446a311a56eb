/**
 * Readers of untyped JSON. The venue deserialises a body into typed structs and answers 422 for whatever does not fit
 * (PROTOCOL §1); every reader here throws `Unfit` in that case and nothing else.
 */

/** The body does not fit the schema: HTTP 422. `message` is the detail after the venue's fixed text. */
export class Unfit extends Error {
  override readonly name = 'Unfit';
}

export type JsonObject = { readonly [key: string]: unknown };

/** Whether a value is a JSON object, no array and no null. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value as an object; throws `Unfit` otherwise. */
export function object(value: unknown, name: string): JsonObject {
  if (!isRecord(value)) throw new Unfit(`${name}: expected an object`);
  return value;
}

/** The field as an array; throws `Unfit` otherwise. */
export function array(from: JsonObject, key: string): readonly unknown[] {
  const value = from[key];
  if (!Array.isArray(value)) throw new Unfit(`${key}: expected an array`);
  return value;
}

/** The field as a string of at most 4096 characters; throws `Unfit` otherwise. */
export function string(from: JsonObject, key: string): string {
  const value = from[key];
  if (typeof value !== 'string' || value.length > 4096) throw new Unfit(`${key}: expected a string`);
  return value;
}

/** The field as a boolean; throws `Unfit` otherwise. */
export function boolean(from: JsonObject, key: string): boolean {
  const value = from[key];
  if (typeof value !== 'boolean') throw new Unfit(`${key}: expected a boolean`);
  return value;
}

/** The field as a safe whole number within bounds (inclusive); throws `Unfit` otherwise. */
export function integer(from: JsonObject, key: string, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  const value = from[key];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max) {
    throw new Unfit(`${key}: expected a whole number from ${min} to ${max}`);
  }
  return value;
}

/** True when the field is absent or null: the venue treats both alike for optional fields (PROTOCOL §1). */
export const isAbsent = (from: JsonObject, key: string): boolean => from[key] === undefined || from[key] === null;

/** Reads an optional field: null when absent or null, else what `read` makes of it. */
export function optional<T>(from: JsonObject, key: string, read: (from: JsonObject, key: string) => T): T | null {
  return isAbsent(from, key) ? null : read(from, key);
}

/** One of a few words; throws `Unfit` otherwise. */
export function word<T extends string>(from: JsonObject, key: string, words: readonly T[]): T {
  const value = from[key];
  const found = words.find((candidate) => candidate === value);
  if (found === undefined) throw new Unfit(`${key}: expected one of ${words.join(', ')}`);
  return found;
}

export type Address = `0x${string}`;

const HEX_20 = /^(?:0x)?([0-9a-fA-F]{40})$/;
const HEX_16 = /^0x[0-9a-fA-F]{32}$/;

/** Whether a value is a lower-case 0x address. */
export const isAddress = (value: unknown): value is Address => typeof value === 'string' && /^0x[0-9a-f]{40}$/.test(value);

/** A 20-byte address with or without `0x` (ccxt sends none), lower-cased; null when it is none. */
export function parseAddress(value: unknown): Address | null {
  const match = typeof value === 'string' ? HEX_20.exec(value) : null;
  return match?.[1] === undefined ? null : `0x${match[1].toLowerCase()}`;
}

/** The field as an address, lower-cased; throws `Unfit` otherwise. */
export function address(from: JsonObject, key: string): Address {
  const parsed = parseAddress(from[key]);
  if (parsed === null) throw new Unfit(`${key}: expected a 20-byte hex address`);
  return parsed;
}

/** The field as a 16-byte client order id, lower-cased; throws `Unfit` otherwise. */
export function cloid(from: JsonObject, key: string): string {
  const value = string(from, key);
  if (!HEX_16.test(value)) throw new Unfit(`${key}: expected 0x and 32 hex digits`);
  return value.toLowerCase();
}

const DECIMAL = /^(\d*)(?:\.(\d*))?$/;

/**
 * The field as a decimal string in canonical form: no leading or trailing zeros, no sign, at most 8 decimals
 * (PROTOCOL §1, §2.1). Throws `Unfit` otherwise.
 */
export function decimal(from: JsonObject, key: string): string {
  const value = string(from, key);
  const match = DECIMAL.exec(value);
  const whole = match?.[1] ?? '';
  const fraction = match?.[2] ?? '';
  if (match === null || (whole === '' && fraction === '') || fraction.length > 8 || whole.length > 20) {
    throw new Unfit(`${key}: expected a decimal string with at most 8 decimals`);
  }
  const kept = fraction.replace(/0+$/, '');
  return `${whole.replace(/^0+(?=\d)/, '') || '0'}${kept === '' ? '' : `.${kept}`}`;
}
