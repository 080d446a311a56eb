import { type AnswerLine, type HttpAnswer, harmAnswer, harmRequest } from '../faults/answer-harm.ts';
import type { WireFaults } from '../faults/wire-faults.ts';
import type { InProcessExchange } from '../in-process.ts';
import type { Admission } from '../limits/admission.ts';
import { isRecord } from './fields.ts';
import { answer, type Reply, type Route, TOO_MANY } from './reply.ts';

/** A request of the venue's own routes. */
export interface Asked {
  readonly path: string;
  readonly body: unknown;
  /** Whose weight it takes. */
  readonly ip: string;
}

interface AskingOptions {
  readonly admission: Admission;
  readonly faults: WireFaults;
  /** Lets an answer leave, after its time on the way. */
  readonly reply: (send: () => void) => void;
}

/** A reply as HTTP writes it. */
export const written = (reply: Reply): HttpAnswer =>
  'json' in reply
    ? { status: reply.status, type: 'application/json', body: reply.json }
    : { status: reply.status, type: 'text/plain; charset=utf-8', body: reply.text };

/**
 * Answers requests on whatever carries them: the weight of the IP is taken first, then come the faults of the way in, the
 * request itself, put into `queue`, and the faults of the way out. What a route throws beyond its own errors is a bug and goes on to the caller's.
 */
export function createAsking({ admission, faults, reply: leave }: AskingOptions, queue: InProcessExchange['request']) {
  return (route: Route, { path, body, ip }: Asked, line: AnswerLine): void => {
    if (!admission.request(ip, path, body)) {
      line.write(written(TOO_MANY));
      return;
    }
    const fate = faults.fate(path === '/exchange' ? 'action' : 'info', body, 'http');
    const signed = path === '/exchange' && isRecord(body) ? { action: body.action } : undefined;
    const ask = (nowMs: number): unknown => {
      const value = route(body, nowMs);
      if (path === '/info') admission.rows(ip, body, value);
      return value;
    };
    faults.later(fate.delayRequestMs, () => {
      if (fate.before !== null) {
        harmRequest(line, fate.before);
        return;
      }
      queue((nowMs) => {
        const plain = written(answer(() => ask(nowMs)));
        leave(() =>
          faults.later(fate.delayResponseMs, () => {
            if (fate.after === null) line.write(plain);
            else harmAnswer(line, fate.after, plain);
          }),
        );
      }, signed);
    });
  };
}
