import type { Outlet } from '../faults/stream.ts';
import type { Admission } from '../limits/admission.ts';
import { createAsking } from './asking.ts';
import { type ConversationOptions, converse } from './conversation.ts';
import { routesOf } from './reply.ts';

/** A WebSocket without a socket. */
interface DirectConnection {
  send(text: string): void;
  close(): void;
}

/** The exchange in the same process: what the wire server answers, without a socket in between. */
export interface DirectLine {
  /**
   * Posts a body and resolves to what the server would answer: the status, and its text. Faults strike it as a request over HTTP:
   * where they end the connection this rejects, and where they leave it in silence it never settles.
   */
  post(path: '/info' | '/exchange', body: unknown): Promise<{ readonly status: number; readonly text: string }>;
  /**
   * Opens a connection; `onText` takes each frame of the server, `onCut` hears that a fault cut it. Null where the limits on
   * connections refuse it.
   */
  connect(onText: (text: string) => void, onCut?: () => void): DirectConnection | null;
}

export interface DirectOptions extends ConversationOptions {
  readonly admission: Admission;
}

/** Whose limits clients of this process share. */
const HERE = 'in process';

/** The line was lost before the whole answer came: what has become of the request is unknown. */
const lost = (how: string): Error => new Error(`the exchange ended the connection ${how}`);

/** Creates the line into an exchange. Bodies and frames go through JSON, so that nothing is shared with the caller. */
export function createDirectLine(options: DirectOptions): DirectLine {
  const { admission } = options;
  const routes = routesOf(options);
  const ask = createAsking(options, options.exchange.request);
  return {
    post: (path, body) =>
      new Promise((resolve, reject) => {
        const route = routes[`POST ${path}`];
        if (route === undefined) throw new RangeError(`path ${path}: ask /info or /exchange`);
        ask(
          route,
          { path, body: JSON.parse(JSON.stringify(body)), ip: HERE },
          {
            write: ({ status, body: text }) => resolve({ status, text }),
            writePart: () => reject(lost('in the middle of its answer')),
            reset: () => reject(lost('without an answer')),
          },
        );
      }),
    connect(onText, onCut) {
      const visit = admission.connect(HERE);
      if (visit === null) return null;
      let state: 'open' | 'frozen' | 'ended' = 'open';
      const end = (): void => {
        if (state === 'ended') return;
        state = 'ended';
        conversation.closed();
        visit.leave();
      };
      const outlet: Outlet = {
        send: (text) => {
          if (state === 'open') onText(text);
        },
        cut() {
          end();
          onCut?.();
        },
        freeze() {
          state = 'frozen';
        },
      };
      const conversation = converse(outlet, visit, options);
      return { send: (text) => state === 'open' && conversation.receive(text), close: end };
    },
  };
}
