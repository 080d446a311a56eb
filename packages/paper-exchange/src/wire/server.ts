import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { controlRefusal, isJson } from '../control/guard.ts';
import { type ControlOptions, type ControlRequest, type ControlRoute, controlRoutes } from '../control/routes.ts';
import type { AnswerLine, HttpAnswer } from '../faults/answer-harm.ts';
import type { Admission } from '../limits/admission.ts';
import { createAsking, written } from './asking.ts';
import type { Door, Network } from './exchange-door.ts';
import { answer, type Reply, routesOf, text } from './reply.ts';
import type { Sockets } from './socket.ts';
import { answeredBrowser, openToPages } from './web-pages.ts';

export interface ServerOptions extends ControlOptions {
  readonly door: Door;
  readonly network: Network;
  readonly sockets: Sockets;
  readonly readInfo: (body: unknown, nowMs: number) => unknown;
  readonly admission: Admission;
  /** Lets an answer leave, after its time on the way. */
  readonly reply: (send: () => void) => void;
}

export interface HttpServer {
  /** Listens on an address; port 0 takes a free one. Rejects when the port is taken. */
  listen(port: number, host: string): Promise<{ readonly url: string; readonly port: number }>;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 1 << 20;
const KEEP_ALIVE_MS = 75_000;
function writeAnswer(response: ServerResponse, { status, type, body }: HttpAnswer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const send = (response: ServerResponse, reply: Reply): void => writeAnswer(response, written(reply));

/** The path is known, the method is not. */
function sendWrongMethod(response: ServerResponse): void {
  response.writeHead(405, { allow: 'POST', 'content-length': 0 });
  response.end();
}

const lineOf = (response: ServerResponse): AnswerLine => ({
  write: (whole) => writeAnswer(response, whole),
  writePart({ status, type, body }, bytes) {
    response.writeHead(status, { 'content-type': type, 'content-length': Math.max(1, Buffer.byteLength(body)) });
    response.flushHeaders();
    if (bytes > 0) response.write(Buffer.from(body).subarray(0, bytes));
    response.socket?.destroySoon();
  },
  reset: () => response.socket?.resetAndDestroy(),
});

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

function parseJson(body: Buffer): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return null;
  }
}

const isControl = (path: string): boolean => path.startsWith('/paper/');

/** What a request asks with, or why it is not taken. */
async function readRequest(request: IncomingMessage, path: string): Promise<Reply | { readonly body: unknown }> {
  const refusal = isControl(path) ? controlRefusal(request) : null;
  if (refusal !== null) return text(403, refusal);
  if (request.method !== 'POST') return { body: null };
  if (!isJson(request)) return text(415, 'Expected request with `Content-Type: application/json`');
  const bytes = await readBody(request);
  if (bytes === null) return text(413, 'Failed to buffer the request body: length limit exceeded');
  const parsed = parseJson(bytes);
  return parsed === null ? text(400, 'Failed to parse the request body as JSON') : { body: parsed.value };
}

/** Serves HTTP and hands upgrades on /ws to the sockets (PROTOCOL §1). */
export function createHttpServer(options: ServerOptions): HttpServer {
  const { exchange, sockets } = options;
  const ask = createAsking(options, options.exchange.gather);
  const routes = routesOf(options);
  const control = controlRoutes(options);

  /** Control routes are no part of the venue: nothing of theirs is under way, limited or harmed. */
  function serveControl(route: ControlRoute, request: ControlRequest, response: ServerResponse): void {
    exchange.request(() => {
      const reply = answer(() => route(request));
      exchange.emit(() => send(response, reply));
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const key = `${request.method} ${path}`;
    const route = Object.hasOwn(routes, key) ? routes[key] : undefined;
    const controlled = Object.hasOwn(control, key) ? control[key] : undefined;
    if (!isControl(path)) {
      openToPages(response);
      if (answeredBrowser(request, response)) return;
    }
    if (route === undefined && controlled === undefined) {
      if (Object.hasOwn(routes, `POST ${path}`)) sendWrongMethod(response);
      else send(response, text(404, 'Not Found'));
      return;
    }
    const asked = await readRequest(request, path);
    if ('status' in asked) {
      send(response, asked);
      return;
    }
    const { body } = asked;
    if (controlled !== undefined) serveControl(controlled, { body, query: new URLSearchParams(query) }, response);
    else if (route !== undefined) ask(route, { path, body, ip: request.socket.remoteAddress ?? '' }, lineOf(response));
  }

  // Not imported: an import of node:http asks for all that it exports, and Node loads its whole fetch for that.
  const { createServer } = process.getBuiltinModule('node:http');
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
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          const bound: string | AddressInfo | null = server.address();
          const actual = bound !== null && typeof bound === 'object' ? bound.port : port;
          resolve({ url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`, port: actual });
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
