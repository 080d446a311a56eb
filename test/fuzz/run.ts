import { Agent, request } from 'node:http';
import { createChance } from '@hyperfleet/paper-exchange';
import { microUsd } from '@hyperfleet/trading';
import WebSocket from 'ws';
import { openTestVenue, START_MS, steadyMarket, type TestVenue } from '../support/paper-venue.ts';
import { testWallet } from '../support/wallet.ts';
import { nextBody, nextFrame, signRequests } from './bodies.ts';

export interface FuzzOptions {
  readonly requests: number;
  readonly frames: number;
  readonly seed: number;
  /** Called now and then with what has been done so far. */
  readonly progress?: (done: number) => void;
}

export interface FuzzResult {
  /** How often each path was answered with each HTTP status. */
  readonly statuses: ReadonlyMap<string, number>;
  readonly framesAnswered: number;
  /** What must not be: an accepted action without its signature, an error that is none of the venue's, a changed account. */
  readonly breaches: readonly string[];
  /** Bytes of live heap after a quarter of the work and at its end. */
  readonly heap: { readonly early: number; readonly late: number };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const SOCKETS = 16;
const WALLETS = [1, 2, 3].map(testWallet);
const USERS = WALLETS.map(({ address }) => address);
const VIEWS = ['clearinghouseState', 'historicalOrders', 'userFills', 'openOrders', 'extraAgents', 'spotClearinghouseState', 'subAccounts'];

function sender(url: string): { send(path: string, body: string | Buffer): Promise<Answer>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  return {
    send: (path, body) =>
      new Promise((resolve, reject) => {
        const sent = request(`${url}${path}`, { method: 'POST', agent, headers: { 'content-type': 'application/json' } }, (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        });
        sent.on('error', reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** Everything that an action could have changed, of every known account. */
async function stateOf(venue: TestVenue): Promise<string> {
  const views = await Promise.all(USERS.flatMap((user) => VIEWS.map((type) => venue.post('/info', { type, user }))));
  const { accepted, fills, conservationErrorUsd } = venue.exchange.audit();
  return JSON.stringify([views.map(({ text }) => text.replace(/,"time":\d+\}$/, '}')), accepted, fills, conservationErrorUsd]);
}

function liveHeap(): number {
  // Without --expose-gc the figure includes garbage; the caller says which it has.
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function judge({ status, text }: Answer, path: string): string | null {
  if (status === 200 && path === '/exchange' && !text.startsWith('{"status":"err"'))
    return `accepted without a signature: ${text.slice(0, 200)}`;
  if (status === 500 && text !== 'null') return `an error that is none of the venue's: ${text.slice(0, 200)}`;
  return [200, 400, 403, 404, 405, 413, 415, 422, 500].includes(status) ? null : `answered ${status}: ${text.slice(0, 200)}`;
}

async function throwBodies(venue: TestVenue, signed: readonly Record<string, unknown>[], options: FuzzOptions) {
  const { send, close } = sender(venue.url);
  const statuses = new Map<string, number>();
  const breaches: string[] = [];
  let done = 0;
  const lane = async (n: number): Promise<void> => {
    const chance = createChance(options.seed * SOCKETS + n);
    for (let i = n; i < options.requests; i += SOCKETS) {
      const { path, body } = nextBody(chance, signed, USERS);
      const answer = await send(path, body);
      const key = `${path} ${answer.status}`;
      statuses.set(key, (statuses.get(key) ?? 0) + 1);
      const breach = judge(answer, path);
      if (breach !== null) breaches.push(`${breach} — sent ${String(body).slice(0, 400)}`);
      done += 1;
      if (done % 10_000 === 0) options.progress?.(done);
    }
  };
  await Promise.all(Array.from({ length: SOCKETS }, (_, n) => lane(n)));
  close();
  return { statuses, breaches };
}

const opened = (url: string): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });

/** Sends frames in bursts, each ended by a ping whose answer says that all before it were worked off. */
async function throwFrames(venue: TestVenue, signed: readonly Record<string, unknown>[], options: FuzzOptions) {
  const chance = createChance(options.seed + 0x5eed);
  const breaches: string[] = [];
  let answered = 0;
  let socket: WebSocket | null = null;
  const burst = 200;
  for (let sent = 0; sent < options.frames; sent += burst) {
    if (socket === null || socket.readyState !== WebSocket.OPEN) {
      socket = await opened(venue.url);
      socket.on('error', () => {});
    }
    const current: WebSocket = socket;
    const settled = new Promise<void>((resolve) => {
      const hear = (data: WebSocket.RawData): void => {
        answered += 1;
        const text = String(data);
        if (text.includes('"type":"action","payload":{"status":"ok"')) breaches.push(`accepted without a signature: ${text.slice(0, 300)}`);
        if (text === '{"channel":"pong"}') {
          current.off('message', hear);
          resolve();
        }
      };
      current.on('message', hear);
      current.once('close', () => resolve());
    });
    for (let i = 0; i < Math.min(burst, options.frames - sent); i += 1) {
      const frame = nextFrame(chance, signed, USERS);
      if (current.readyState === WebSocket.OPEN) current.send(frame, { binary: Buffer.isBuffer(frame) && chance(2) === 0 });
    }
    if (current.readyState === WebSocket.OPEN) current.send('{"method":"ping"}');
    await settled;
    venue.clock.advance(10);
  }
  socket?.close();
  return { answered, breaches };
}

/** Throws rubbish and near misses at a paper exchange of its own, over real sockets, and reports what it should not have done. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  // A market that stands still: whatever an account shows then is its own doing.
  const venue = await openTestVenue({ events: steadyMarket(1) });
  try {
    for (const user of USERS) venue.exchange.fund(user, microUsd(10_000e6));
    const signed = await signRequests(WALLETS, START_MS);
    for (const body of signed) await venue.post('/exchange', body);
    const before = await stateOf(venue);
    const quarter = { ...options, requests: Math.floor(options.requests / 4), frames: Math.floor(options.frames / 4) };
    const rest = {
      ...options,
      requests: options.requests - quarter.requests,
      frames: options.frames - quarter.frames,
      seed: options.seed + 1,
    };
    const statuses = new Map<string, number>();
    const breaches: string[] = [];
    const heap: number[] = [];
    let framesAnswered = 0;
    for (const part of [quarter, rest]) {
      const http = await throwBodies(venue, signed, part);
      const frames = await throwFrames(venue, signed, part);
      for (const [key, count] of http.statuses) statuses.set(key, (statuses.get(key) ?? 0) + count);
      breaches.push(...http.breaches, ...frames.breaches);
      framesAnswered += frames.answered;
      heap.push(liveHeap());
    }
    if ((await stateOf(venue)) !== before) breaches.push('an account is not what it was');
    return { statuses, framesAnswered, breaches, heap: { early: heap[0] ?? 0, late: heap[1] ?? 0 } };
  } finally {
    await venue.exchange.close();
  }
}
