/**
 * Sends loads it is handed over keep-alive connections, each body after the reply to the one before it. Requests are made
 * beforehand and replies are searched for their end alone, so that the server and not its client is what is measured.
 */
import { connect, type Socket } from 'node:net';
import { parentPort } from 'node:worker_threads';

/** Bodies by connection. */
export interface Load {
  readonly url: string;
  readonly bodies: readonly (readonly string[])[];
}

const port = parentPort;
if (port === null) throw new Error('this file is a worker');
const REFUSED = /"err(?:or)?"/;
const LENGTH = /content-length: (\d+)/i;

/** A request as plain clients write it. */
function requestBytes(url: URL, body: string): Buffer {
  const head = [
    'POST /exchange HTTP/1.1',
    `host: ${url.host}`,
    'connection: keep-alive',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Reads replies off a socket, one at a time. */
function createReplies(socket: Socket): () => Promise<string> {
  let text = '';
  let answer: ((reply: string) => void) | null = null;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    const bodyAt = text.indexOf('\r\n\r\n') + 4;
    const length = Number(LENGTH.exec(text)?.[1] ?? Number.NaN);
    if (bodyAt < 4 || !(text.length >= bodyAt + length)) return;
    const reply = text.slice(bodyAt, bodyAt + length);
    text = text.slice(bodyAt + length);
    answer?.(reply);
  });
  return () =>
    new Promise((resolve) => {
      answer = resolve;
    });
}

async function sendLane(url: URL, requests: readonly Buffer[]): Promise<string | null> {
  const socket = connect(Number(url.port), url.hostname);
  socket.setNoDelay(true);
  const nextReply = createReplies(socket);
  let refused: string | null = null;
  for (const request of requests) {
    const reply = nextReply();
    socket.write(request);
    const text = await reply;
    if (REFUSED.test(text)) refused ??= text;
  }
  socket.destroy();
  return refused;
}

port.on('message', async ({ url: text, bodies }: Load) => {
  const url = new URL(text);
  const lanes = bodies.map((lane) => lane.map((body) => requestBytes(url, body)));
  const start = process.hrtime.bigint();
  const refused = await Promise.all(lanes.map((lane) => sendLane(url, lane)));
  const ns = Number(process.hrtime.bigint() - start);
  port.postMessage({ ns, refused: refused.find((reply) => reply !== null) ?? null });
});
