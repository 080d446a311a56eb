import type { ServerResponse } from 'node:http';
import type { Harm } from './request-fate.ts';
import type { EffectOf } from './rule.ts';
import { nonsenseFor, statusBody } from './spoil.ts';

/** An answer as it would go out unharmed. */
export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Sends a whole answer. */
export function writeAnswer(response: ServerResponse, { status, type, body }: HttpAnswer): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // An answer in plain text, of a request the venue could not read: nonsense for it is made of nothing.
    return null;
  }
}

/** Sends an answer as a fault leaves it. `plain` is null when the request was not applied. */
export function harmHttp(response: ServerResponse, effect: Harm | EffectOf<'drop-request'>, plain: HttpAnswer | null): void {
  switch (effect.kind) {
    case 'drop-request':
    case 'drop-response':
      // In silence the connection stays open until the client gives up.
      if (effect.how === 'reset') response.socket?.resetAndDestroy();
      return;
    case 'status':
      writeAnswer(response, { status: effect.status, ...statusBody(effect.status) });
      return;
    case 'truncate-response': {
      const bytes = Buffer.from(plain?.body ?? '');
      response.writeHead(plain?.status ?? 200, {
        'content-type': plain?.type ?? 'application/json',
        'content-length': Math.max(1, bytes.length),
      });
      response.flushHeaders();
      const part = bytes.subarray(0, Math.min(effect.bytes ?? Math.floor(bytes.length / 2), Math.max(0, bytes.length - 1)));
      if (part.length > 0) response.write(part);
      response.socket?.destroySoon();
      return;
    }
    case 'nonsense': {
      const made = nonsenseFor(effect.answer, parsed(plain?.body ?? ''));
      if ('raw' in made)
        writeAnswer(response, { status: 200, type: effect.answer === 'html' ? 'text/html' : 'text/plain', body: made.raw });
      else writeAnswer(response, { status: 200, type: 'application/json', body: JSON.stringify(made.json) });
      return;
    }
    case 'duplicate-response':
      // HTTP has one answer to a request: rules of this kind match posts alone.
      if (plain !== null) writeAnswer(response, plain);
      return;
    default:
      effect satisfies never;
  }
}
