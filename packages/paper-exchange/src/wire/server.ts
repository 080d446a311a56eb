import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { microUsd, parseDecimal } from '@hyperfleet/trading';
import type { InProcessExchange } from '../in-process.ts';
import type { Admission } from '../limits/admission.ts';
import { type Door, type Network, readSigned } from './exchange-door.ts';
import { address, isRecord, object, string, Unfit } from './fields.ts';
import { NoAnswer } from './info-market.ts';
import type { Sockets } from './socket.ts';

export interface ServerOptions {
  readonly exchange: InProcessExchange;
  readonly door: Door;
  readonly network: Network;
  readonly sockets: Sockets;
  readonly readInfo: (body: unknown, nowMs: number) => unknown;
  readonly admission: Admission;
  /** Lets an answer leave, after its time on the way. */
  readonly reply: (send: () => void) => void;
}

export interface HttpServer {
  /** Listens on 127.0.0.1; port 0 takes a free one. Rejects when the port is taken. */
  listen(port: number): Promise<{ readonly url: string; readonly port: number }>;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 1 << 20;
const KEEP_ALIVE_MS = 75_000;
const UNFIT_TEXT = 'Failed to deserialize the JSON body into the target type';

type Reply = { readonly status: number; readonly json: string } | { readonly status: number; readonly text: string };

const json = (value: unknown): Reply => ({ status: 200, json: JSON.stringify(value) });
const text = (status: number, body: string): Reply => ({ status, text: body });
/** The IP has spent its weight (PROTOCOL §1). */
const TOO_MANY: Reply = { status: 429, json: 'null' };

function send(response: ServerResponse, reply: Reply): void {
  const [type, body] = 'json' in reply ? ['application/json', reply.json] : ['text/plain; charset=utf-8', reply.text];
  response.writeHead(reply.status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

/** The whole body, or null when it is larger than anything the venue takes or its sender has gone. */
function readBody(request: IncomingMessage): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_BYTES_MAX) chunks.push(chunk);
      else resolve(null);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => resolve(null));
  });
}

const isJson = (request: IncomingMessage): boolean => /^application\/json\b/i.test(request.headers['content-type'] ?? '');
const LOOPBACK_HOST = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/** Control routes are for programs on this machine: a web page can neither leave out Origin nor forge Host. */
const mayControl = (request: IncomingMessage): boolean =>
  request.headers.origin === undefined && LOOPBACK_HOST.test(request.headers.host ?? '') && (request.method === 'GET' || isJson(request));

/** Paid out in all at most, a billion USDC: so no sum of balances ever leaves the whole numbers it is counted in. */
const PAID_MICRO_USD_MAX = 1e15;

type Route = (body: unknown, nowMs: number) => unknown;

function routesOf({ exchange, door, network, readInfo }: ServerOptions): Readonly<Record<string, Route>> {
  let paid = 0;
  return {
    'POST /info': readInfo,
    'POST /exchange': (body) => door.admit(readSigned(body, network)),
    'POST /paper/fund': (body) => {
      const from = object(body, 'body');
      const user = address(from, 'user');
      const usd = parseDecimal(typeof from.usd === 'number' ? String(from.usd) : string(from, 'usd'), 6);
      if (usd === null || usd <= 0) throw new Unfit('usd: expected an amount above zero with at most 6 decimals');
      if (usd > PAID_MICRO_USD_MAX - paid)
        throw new Unfit(`usd: ${from.usd} is more than is left to pay, ${(PAID_MICRO_USD_MAX - paid) / 1e6}`);
      paid += usd;
      exchange.fund(user, microUsd(usd));
      return { user, accountValue: exchange.venue.account(user).accountValue };
    },
    'GET /paper/audit': () => exchange.venue.audit(),
  };
}

function parseJson(body: Buffer): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return null;
  }
}

/** What a request asks with, or why it is not taken. */
async function readRequest(request: IncomingMessage, path: string): Promise<Reply | { readonly body: unknown }> {
  if (path.startsWith('/paper/') && !mayControl(request)) return text(403, 'Forbidden: control routes take JSON from this machine only');
  if (request.method !== 'POST') return { body: null };
  if (!isJson(request)) return text(415, 'Expected request with `Content-Type: application/json`');
  const bytes = await readBody(request);
  if (bytes === null) return text(413, 'Failed to buffer the request body: length limit exceeded');
  const parsed = parseJson(bytes);
  return parsed === null ? text(400, 'Failed to parse the request body as JSON') : { body: parsed.value };
}

function answer(route: Route, body: unknown, nowMs: number, onAnswer: (value: unknown) => void): Reply {
  try {
    const value = route(body, nowMs);
    onAnswer(value);
    return json(value);
  } catch (error) {
    if (error instanceof Unfit) return text(422, `${UNFIT_TEXT}: ${error.message}`);
    if (error instanceof NoAnswer) return { status: 500, json: 'null' };
    throw error;
  }
}

/** Serves HTTP and hands upgrades on /ws to the sockets (PROTOCOL §1). */
export function createHttpServer(options: ServerOptions): HttpServer {
  const { exchange, sockets, admission, reply: leave } = options;
  const routes = routesOf(options);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    const key = `${request.method} ${path}`;
    const route = Object.hasOwn(routes, key) ? routes[key] : undefined;
    if (route === undefined) {
      send(response, text(404, 'Not Found'));
      return;
    }
    const asked = await readRequest(request, path);
    if ('status' in asked) {
      send(response, asked);
      return;
    }
    const { body } = asked;
    const ip = request.socket.remoteAddress ?? '';
    if (!admission.request(ip, path, body)) {
      send(response, TOO_MANY);
      return;
    }
    const signed = path === '/exchange' && isRecord(body) ? { action: body.action } : undefined;
    // What a route throws beyond its own errors is a bug: nothing here catches it, and the process ends.
    exchange.request((nowMs) => {
      const reply = answer(route, body, nowMs, (value) => {
        if (path === '/info') admission.rows(ip, body, value);
      });
      // Control routes are no part of the venue: nothing of theirs is under way.
      const out = path.startsWith('/paper/') ? exchange.emit : leave;
      out(() => send(response, reply));
    }, signed);
  }

  const server: Server = createServer((request, response) => {
    void handle(request, response);
  });
  // Longer than any client's pause between two requests: a connection closed under a request leaves its outcome unknown.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('upgrade', (request, socket, head) => {
    if ((request.url ?? '').split('?')[0] === '/ws') sockets.upgrade(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
  });

  return {
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject);
          const bound: string | AddressInfo | null = server.address();
          const actual = bound !== null && typeof bound === 'object' ? bound.port : port;
          resolve({ url: `http://127.0.0.1:${actual}`, port: actual });
        });
      }),
    close: () =>
      new Promise((resolve) => {
        sockets.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
