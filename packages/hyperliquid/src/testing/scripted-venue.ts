/** A loopback HTTP and WebSocket server that says exactly what a test tells it to, down to single bytes of the socket. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

interface ScriptedRequest {
  readonly path: string;
  readonly body: unknown;
  readonly contentType: string | undefined;
}

/** Answers one request; a returned value is sent as JSON with status 200. */
type Script = (request: ScriptedRequest, response: ServerResponse) => unknown;

/** The server's end of one WebSocket. */
export interface ScriptedSocket {
  send(message: unknown): void;
  sendText(text: string): void;
  /** Drops the TCP connection without a closing handshake. */
  cut(): void;
}

export interface ScriptedVenue extends AsyncDisposable {
  readonly url: string;
  readonly wsUrl: string;
  /** Every request so far. */
  readonly requests: readonly ScriptedRequest[];
  /** Set what answers HTTP requests from now on. */
  answer(script: Script): void;
  /** Set what is done with each message of each WebSocket from now on. */
  onMessage(handler: (socket: ScriptedSocket, message: Readonly<Record<string, unknown>>) => void): void;
  /** How many WebSockets were opened so far. */
  readonly socketsOpened: number;
}

const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Starts one on a free port of 127.0.0.1. */
export async function startScriptedVenue(script: Script = () => null): Promise<ScriptedVenue> {
  let current = script;
  let handler: (socket: ScriptedSocket, message: Readonly<Record<string, unknown>>) => void = () => undefined;
  const requests: ScriptedRequest[] = [];
  const upgraded = new Set<Socket>();
  let socketsOpened = 0;

  const server = createServer((message, response) => void respond(message, response));
  async function respond(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
    const request = {
      path: message.url ?? '',
      body: JSON.parse(Buffer.concat(chunks).toString()),
      contentType: message.headers['content-type'],
    };
    requests.push(request);
    const reply = current(request, response);
    if (reply === undefined || response.headersSent || response.destroyed) return;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(reply));
  }
  server.on('upgrade', (message, socket: Socket) => {
    socketsOpened += 1;
    upgraded.add(socket);
    socket.on('close', () => upgraded.delete(socket)).on('error', () => undefined);
    const accept = createHash('sha1').update(`${message.headers['sec-websocket-key']}${WEBSOCKET_GUID}`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const scripted = scriptedSocket(socket);
    readFrames(socket, (text) => handler(scripted, JSON.parse(text)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}/ws`,
    requests,
    answer: (next) => {
      current = next;
    },
    onMessage: (next) => {
      handler = next;
    },
    get socketsOpened() {
      return socketsOpened;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of upgraded) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function scriptedSocket(socket: Socket): ScriptedSocket {
  const sendText = (text: string) => {
    const payload = Buffer.from(text);
    const length = payload.length;
    const header = length < 126 ? Buffer.from([0x81, length]) : Buffer.from([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    if (length >= 126) header.writeBigUInt64BE(BigInt(length), 2);
    if (!socket.destroyed) socket.write(Buffer.concat([header, payload]));
  };
  return { sendText, send: (message) => sendText(JSON.stringify(message)), cut: () => socket.destroy() };
}

/** Reads masked, unfragmented client frames: text is handed on, a close frame closes. */
function readFrames(socket: Socket, onText: (text: string) => void): void {
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    pending = Buffer.concat([pending, Buffer.from(chunk)]);
    for (;;) {
      const short = (pending[1] ?? 0) & 0x7f;
      const head = short === 126 ? 8 : short === 127 ? 14 : 6;
      if (pending.length < head) return;
      const length = short === 126 ? pending.readUInt16BE(2) : short === 127 ? Number(pending.readBigUInt64BE(2)) : short;
      if (pending.length < head + length) return;
      const mask = pending.subarray(head - 4, head);
      const payload = Buffer.from(pending.subarray(head, head + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
      const opcode = (pending[0] ?? 0) & 0x0f;
      pending = pending.subarray(head + length);
      if (opcode === 1) onText(payload.toString());
      if (opcode === 8) socket.end(Buffer.from([0x88, 0]));
    }
  });
}
