import type { Harm } from './request-fate.ts';
import type { EffectOf } from './rule.ts';
import { nonsenseFor, statusBody } from './spoil.ts';

/** An answer as it would go out unharmed. */
export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Where the one answer to a request goes. */
export interface AnswerLine {
  write(answer: HttpAnswer): void;
  /** Announces the answer, sends so many bytes of its body, fewer than all, and ends the connection. */
  writePart(answer: HttpAnswer, bytes: number): void;
  /** Ends the connection without a word. */
  reset(): void;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // An answer in plain text, of a request the venue could not read: nonsense for it is made of nothing.
    return null;
  }
}

function nonsense(answer: EffectOf<'nonsense'>['answer'], { body }: HttpAnswer): HttpAnswer {
  const made = nonsenseFor(answer, parsed(body));
  if ('json' in made) return { status: 200, type: 'application/json', body: JSON.stringify(made.json) };
  return { status: 200, type: answer === 'html' ? 'text/html' : 'text/plain', body: made.raw };
}

/** What a request meets that is not applied. */
export function harmRequest(line: AnswerLine, effect: EffectOf<'drop-request' | 'status'>): void {
  if (effect.kind === 'status') line.write({ status: effect.status, ...statusBody(effect.status) });
  // In silence the connection stays open until the client gives up.
  else if (effect.how === 'reset') line.reset();
}

/** Sends the answer to an applied request as a fault leaves it. */
export function harmAnswer(line: AnswerLine, effect: Harm, plain: HttpAnswer): void {
  switch (effect.kind) {
    case 'drop-response':
      if (effect.how === 'reset') line.reset();
      return;
    case 'status':
      line.write({ status: effect.status, ...statusBody(effect.status) });
      return;
    case 'truncate-response': {
      const length = Buffer.byteLength(plain.body);
      line.writePart(plain, Math.max(0, Math.min(effect.bytes ?? Math.floor(length / 2), length - 1)));
      return;
    }
    case 'nonsense':
      line.write(nonsense(effect.answer, plain));
      return;
    case 'duplicate-response':
      // A request has one answer: rules of this kind match posts alone.
      line.write(plain);
      return;
    default:
      effect satisfies never;
  }
}
