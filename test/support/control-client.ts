import { expect } from 'vitest';
import { type RawRequest, rawRequest } from './raw-client.ts';

/** Control requests to the exchange at `url()`. */
export function controlsOf(url: () => string) {
  const ask = (path: string, request: RawRequest = {}) => rawRequest(`${url()}${path}`, request).reply;
  return {
    ask,
    get: async (path: string) => JSON.parse((await ask(path, { method: 'GET' })).text),
    post: async (path: string, body: unknown) => JSON.parse((await ask(path, { body })).text),
    /** What an answer is made of, to be compared with `refused`. */
    async refusal(path: string, body: unknown) {
      const { status, text, type } = await ask(path, { body });
      return { status, text, type };
    },
  };
}

/** A refusal whose text is like this. */
export const refused = (text: string | RegExp) => ({ status: 422, type: 'text/plain; charset=utf-8', text: expect.stringMatching(text) });
