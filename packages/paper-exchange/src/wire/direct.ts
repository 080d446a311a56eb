import type { Outlet } from '../faults/stream.ts';
import type { Admission } from '../limits/admission.ts';
import { type ConversationOptions, converse } from './conversation.ts';
import { isRecord } from './fields.ts';
import { answer, type Reply, routesOf, TOO_MANY } from './reply.ts';

/** A WebSocket without a socket. */
interface DirectConnection {
  send(text: string): void;
  close(): void;
}

/** The exchange in the same process: what the wire server answers, without a socket in between. */
export interface DirectLine {
  /** Posts a body and resolves to what the server would answer: the status, and its text. Faults of the wire strike none of it. */
  post(path: '/info' | '/exchange', body: unknown): Promise<{ readonly status: number; readonly text: string }>;
  /** Opens a connection; `onText` takes each frame of the server. Null where the limits on connections refuse it. */
  connect(onText: (text: string) => void): DirectConnection | null;
}

export interface DirectOptions extends ConversationOptions {
  readonly admission: Admission;
}

/** Whose limits clients of this process share. */
const HERE = 'in process';

const told = (reply: Reply) => ({ status: reply.status, text: 'json' in reply ? reply.json : reply.text });

/** Creates the line into an exchange. Bodies and frames go through JSON, so that nothing is shared with the caller. */
export function createDirectLine(options: DirectOptions): DirectLine {
  const { exchange, admission, reply: leave } = options;
  const routes = routesOf(options);
  return {
    post: (path, body) =>
      new Promise((resolve, reject) => {
        const sent: unknown = JSON.parse(JSON.stringify(body));
        const route = routes[`POST ${path}`];
        if (route === undefined) throw new RangeError(`path ${path}: ask /info or /exchange`);
        if (!admission.request(HERE, path, sent)) {
          resolve(told(TOO_MANY));
          return;
        }
        const signed = path === '/exchange' && isRecord(sent) ? { action: sent.action } : undefined;
        exchange.request((nowMs) => {
          try {
            const reply = answer(() => {
              const value = route(sent, nowMs);
              if (path === '/info') admission.rows(HERE, sent, value);
              return value;
            });
            leave(() => resolve(told(reply)));
          } catch (error) {
            reject(error);
          }
        }, signed);
      }),
    connect(onText) {
      const visit = admission.connect(HERE);
      if (visit === null) return null;
      let open = true;
      const end = (): void => {
        if (!open) return;
        open = false;
        conversation.closed();
        visit.leave();
      };
      const outlet: Outlet = {
        send: (text) => {
          if (open) onText(text);
        },
        cut: end,
        freeze: end,
      };
      const conversation = converse(outlet, visit, options);
      return { send: (text) => open && conversation.receive(text), close: end };
    },
  };
}
