import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** What became of one POST. Only `not-sent` proves that the venue has not seen it; `lost` leaves it open. */
export type Posted =
  | { readonly kind: 'replied'; readonly status: number; readonly contentType: string; readonly body: string }
  | { readonly kind: 'not-sent'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string; readonly cause: 'timeout' | 'cut' };

/** A keep-alive connection pool to one venue. */
export interface Http {
  /** POSTs JSON text to a path under the base URL. Never throws. */
  post(path: string, json: string): Promise<Posted>;
  /** Closes every socket; requests in flight end as `lost` or `not-sent`. */
  close(): void;
}

export interface HttpOptions {
  /** Base, e.g. https://api.hyperliquid.xyz or http://127.0.0.1:PORT; a path in it is kept. */
  readonly url: string;
  /** Wall time for a whole request, from call to last byte. */
  readonly timeoutMs: number;
  readonly maxSockets: number;
}

/** A reply of the venue is far below this (2000 fills ≈ 1 MB); more is no reply. */
const MAX_BODY_CHARS = 32 * 1024 * 1024;

/** Checks a base URL. Throws a TypeError naming it when it is no http(s) URL. */
export function parseBaseUrl(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (base === null || (base.protocol !== 'http:' && base.protocol !== 'https:')) {
    throw new TypeError(`the venue's url ${JSON.stringify(url)} is not an http:// or https:// address`);
  }
  return base;
}

/** Opens the pool; connections are made on demand and kept. */
export function openHttp({ url, timeoutMs, maxSockets }: HttpOptions): Http {
  const base = parseBaseUrl(url);
  const secure = base.protocol === 'https:';
  // Not imported: an import of node:http asks for all that it exports, and Node loads its whole fetch for that, in every thread anew.
  const { Agent, request: send } = secure ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http');
  const agent = new Agent({ keepAlive: true, maxSockets });
  const root = base.pathname.replace(/\/+$/, '');

  return {
    post(path, json) {
      const request = send({
        agent,
        method: 'POST',
        protocol: base.protocol,
        hostname: base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port,
        path: `${root}${path}`,
        headers: { 'content-type': 'application/json', accept: 'application/json', 'content-length': Buffer.byteLength(json) },
      });
      const posted = outcomeOf(request, secure, timeoutMs);
      request.end(json);
      return posted;
    },
    close: () => agent.destroy(),
  };
}

function outcomeOf(request: ClientRequest, secure: boolean, timeoutMs: number): Promise<Posted> {
  return new Promise((resolve) => {
    let mayBeSent = false;
    let body = '';
    let timer: NodeJS.Timeout | null = null;
    const settle = (posted: Posted) => {
      if (timer !== null) clearTimeout(timer);
      resolve(posted);
    };
    const fail = (reason: string, cause: 'timeout' | 'cut') => {
      settle(mayBeSent ? { kind: 'lost', reason, cause } : { kind: 'not-sent', reason });
    };
    timer = setTimeout(() => {
      fail(`no whole answer in ${timeoutMs} ms`, 'timeout');
      request.destroy();
    }, timeoutMs);
    // Node writes the request once the connection stands: before that moment not one byte of it has left.
    request.on('socket', (socket: Socket) => {
      if (request.reusedSocket || !socket.connecting) mayBeSent = true;
      else socket.once(secure ? 'secureConnect' : 'connect', () => (mayBeSent = true));
    });
    request.on('error', (error) => fail(describe(error), 'cut'));
    request.on('close', () => fail('the connection was closed', 'cut'));
    request.on('response', (response: IncomingMessage) => {
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length <= MAX_BODY_CHARS) return;
        fail(`the answer passes ${MAX_BODY_CHARS} characters`, 'cut');
        request.destroy();
      });
      response.on('error', (error) => fail(`the answer was cut off: ${describe(error)}`, 'cut'));
      response.on('aborted', () => fail('the answer was cut off', 'cut'));
      response.on('end', () => {
        if (!response.complete) return fail('the answer was cut off', 'cut');
        settle({ kind: 'replied', status: response.statusCode ?? 0, contentType: response.headers['content-type'] ?? '', body });
      });
    });
  });
}

/** The code and text of a socket error; several addresses tried give one error with many inside. */
function describe(error: Error): string {
  const inner =
    error instanceof AggregateError ? error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ') : '';
  return error.message || inner || error.name;
}
