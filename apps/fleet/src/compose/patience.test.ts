import { StoreError } from '@hyperfleet/store';
import { describe, expect, it } from 'vitest';
import { openPatiently } from './patience.ts';

const never = new Promise<string>(() => undefined);
const locked = new StoreError('locked', 'signals.db is locked');

/** A database that another program holds until `let go`. */
function held() {
  let isHeld = true;
  const told: string[] = [];
  const open = (): string => {
    if (isHeld) throw locked;
    return 'opened';
  };
  return {
    open,
    told,
    letGo() {
      isHeld = false;
    },
    patience: { limitMs: 600_000, everyMs: 1, asked: never, tell: (line: string): void => void told.push(line) },
  };
}

describe('a database that another program holds', () => {
  it('is waited for, said once, and opened when it is let go', async () => {
    const { open, told, letGo, patience } = held();
    const opening = openPatiently(open, patience);
    setTimeout(letGo, 5);
    expect(await opening).toBe('opened');
    expect(told).toEqual(['signals.db is locked; waiting for it, 600 s at most']);
  });

  it('is refused when the wait is over', async () => {
    const { open, patience } = held();
    await expect(openPatiently(open, { ...patience, limitMs: 3 })).rejects.toBe(locked);
  });

  it('is refused at once when somebody asks the fleet to stop', async () => {
    const { open, patience } = held();
    const asked = Promise.withResolvers<string>();
    const opening = openPatiently(open, { ...patience, everyMs: 600_000, asked: asked.promise });
    asked.resolve('it was told to');
    await expect(opening).rejects.toBe(locked);
  });

  it('is not waited for where waiting would not help', async () => {
    const { patience } = held();
    const damaged = new StoreError('corrupt', 'signals.db is damaged');
    const fail = (): never => {
      throw damaged;
    };
    await expect(openPatiently(fail, patience)).rejects.toBe(damaged);
  });
});
