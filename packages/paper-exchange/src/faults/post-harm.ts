import type { Harm } from './request-fate.ts';
import type { EffectOf } from './rule.ts';
import { nonsenseFor, statusBody } from './spoil.ts';
import type { Outlet } from './stream.ts';

const frame = (id: number, response: unknown): string => JSON.stringify({ channel: 'post', data: { id, response } });

/** Sends the answer to a `post` as a fault leaves it. `response` is null when the request was not applied. */
export function harmPost(
  outlet: Pick<Outlet, 'send' | 'cut'>,
  effect: Harm | EffectOf<'drop-request'>,
  { id, response }: { readonly id: number; readonly response: unknown },
): void {
  switch (effect.kind) {
    case 'drop-request':
    case 'drop-response':
      if (effect.how === 'reset') outlet.cut();
      return;
    case 'status':
      // What over HTTP is a status is an answer of type error here (PROTOCOL §9).
      outlet.send(frame(id, { type: 'error', payload: `${effect.status}: ${statusBody(effect.status).body}` }));
      return;
    case 'truncate-response': {
      const text = frame(id, response);
      outlet.send(text.slice(0, Math.min(effect.bytes ?? Math.floor(text.length / 2), text.length - 1)));
      return;
    }
    case 'nonsense': {
      const made = nonsenseFor(effect.answer, response);
      outlet.send('raw' in made ? made.raw : frame(id, made.json));
      return;
    }
    case 'duplicate-response':
      outlet.send(frame(id, response));
      outlet.send(frame(id, response));
      return;
    default:
      effect satisfies never;
  }
}
