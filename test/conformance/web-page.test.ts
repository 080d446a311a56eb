import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestVenue, type TestVenue } from '../support/paper-venue.ts';

let venue: TestVenue;
beforeEach(async () => {
  venue = await openTestVenue();
});
afterEach(() => venue.exchange.close());

const JSON_TYPE = { 'content-type': 'application/json' };
/** As the venue's answers had them, in 23 recordings from 2023 to 2025. */
const RECORDED = {
  'access-control-allow-origin': '*',
  vary: 'origin, access-control-request-method, access-control-request-headers',
};
const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${venue.url}${path}`, { method: 'POST', headers: JSON_TYPE, body: '{"type":"allMids"}', ...init });
const SAMPLES = new URL('../../../shared/hyperliquid/samples/', import.meta.url);
/** What the way to the venue adds, and what belongs to one answer. */
const OF_THE_WAY = new Set(['date', 'via', 'content-type']);
const headersOf = (response: Response, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, response.headers.get(name)]));

describe('a client in a web page', () => {
  it.each([
    ['/info', 200, {}],
    ['/info', 422, { body: '{"type":"nope"}' }],
    ['/info', 415, { headers: {} }],
    ['/exchange', 422, { body: '{}' }],
    ['/nowhere', 404, {}],
  ] as const)('may read the answer of %s when it is %i', async (path, status, init) => {
    const response = await ask(path, init);
    expect(response.status).toBe(status);
    expect(headersOf(response, Object.keys(RECORDED))).toEqual(RECORDED);
  });

  it.each(['/info', '/exchange'])('is told beforehand that it may ask %s with JSON', async (path) => {
    const headers = {
      origin: 'https://example.org',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    };
    const response = await ask(path, { method: 'OPTIONS', headers, body: null });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(headersOf(response, Object.keys(RECORDED))).toEqual(RECORDED);
    expect(response.headers.get('access-control-allow-methods')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toBe('*');
  });

  it('is told nothing of the control routes', async () => {
    for (const method of ['OPTIONS', 'POST']) {
      const response = await ask('/paper/fund', {
        method,
        headers: { ...JSON_TYPE, origin: 'https://example.org' },
        body: method === 'POST' ? '{}' : null,
      });
      expect(response.ok).toBe(false);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('is told which method there is when it asks with another', async () => {
    const response = await fetch(`${venue.url}/info`);
    expect([response.status, response.headers.get('allow'), await response.text()]).toEqual([405, 'POST', '']);
  });
});

describe('the recordings', () => {
  it.skipIf(!existsSync(SAMPLES))('have no other headers than these', () => {
    const recorded = readdirSync(SAMPLES)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name): Record<string, string[]>[] => {
        const headers = JSON.parse(readFileSync(new URL(name, SAMPLES), 'utf8')).recorded_http?.headers;
        return headers === undefined ? [] : [headers];
      });
    expect(recorded.length).toBeGreaterThan(20);
    for (const headers of recorded) {
      const own = Object.entries(headers).filter(([name]) => !OF_THE_WAY.has(name.toLowerCase()));
      expect(Object.fromEntries(own.map(([name, values]) => [name.toLowerCase(), values.join(', ')]))).toEqual(RECORDED);
    }
  });
});
