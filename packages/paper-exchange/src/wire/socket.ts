import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Outlet } from '../faults/stream.ts';
import type { Admission, Visit } from '../limits/admission.ts';
import { type ConversationOptions, converse } from './conversation.ts';

export interface SocketOptions extends ConversationOptions {
  readonly admission: Admission;
}

export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

/** A frame of ours is at most some 200 kB; a client's orders are far smaller. */
const FRAME_BYTES_MAX = 1 << 20;
/** What may wait for a client that does not read, before it is cut off. */
const BUFFERED_BYTES_MAX = 16 << 20;

/** Serves the WebSocket side of the protocol (PROTOCOL §9). */
export function createSockets(options: SocketOptions): Sockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: FRAME_BYTES_MAX, perMessageDeflate: false });
  return {
    upgrade(request, socket, head) {
      const visit = options.admission.connect(request.socket.remoteAddress ?? '');
      if (visit === null) {
        socket.end(
          'HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnull',
        );
        return;
      }
      // A handshake that fails ends its socket too.
      socket.once('close', () => visit.leave());
      server.handleUpgrade(request, socket, head, (webSocket) => serve({ webSocket, raw: socket, visit }, options));
    },
    close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

/** One connection: its frames, its bytes, its part of the limits. */
interface Connection {
  readonly webSocket: WebSocket;
  readonly raw: Duplex;
  readonly visit: Visit;
}

/** The way out of a connection, which a fault may cut or freeze. */
function outletOf({ webSocket, raw }: Connection, idleMs: number | null): Outlet & { stop(): void } {
  const idle = idleMs === null ? null : setTimeout(() => webSocket.close(1000, 'Inactive'), idleMs);
  let frozen = false;
  const stop = (): void => {
    if (idle !== null) clearTimeout(idle);
  };
  return {
    send(text) {
      if (frozen || webSocket.readyState !== webSocket.OPEN) return;
      if (webSocket.bufferedAmount > BUFFERED_BYTES_MAX) {
        webSocket.terminate();
        return;
      }
      idle?.refresh();
      webSocket.send(text);
    },
    cut() {
      if (raw instanceof Socket) raw.resetAndDestroy();
      else webSocket.terminate();
    },
    freeze() {
      frozen = true;
      stop();
      webSocket.pause();
    },
    stop,
  };
}

function serve(connection: Connection, options: SocketOptions): void {
  const { webSocket, visit } = connection;
  const outlet = outletOf(connection, options.admission.settings.wsIdleMs);
  const conversation = converse(outlet, visit, options);
  webSocket.on('error', () => webSocket.terminate());
  webSocket.on('close', () => {
    outlet.stop();
    conversation.closed();
  });
  webSocket.on('message', (data, isBinary) => conversation.receive(isBinary ? '' : data.toString()));
}
