import { describe, expect, test } from 'vitest';
import { createDelayLine } from './delay-line.ts';
import { effectMs, NO_LATENCY, parseLatency, REAL_LATENCY } from './latency.ts';

/** A clock moved by hand, whose tasks run when it passes them. */
function handClock() {
  let now = 0;
  let tasks: { atMs: number; task: () => void }[] = [];
  return {
    now: () => now,
    after(delayMs: number, task: () => void) {
      const made = { atMs: now + delayMs, task };
      tasks.push(made);
      return () => {
        tasks = tasks.filter((other) => other !== made);
      };
    },
    set(ms: number) {
      now = ms;
      const due = tasks.filter(({ atMs }) => atMs <= now);
      tasks = tasks.filter(({ atMs }) => atMs > now);
      for (const { task } of due) task();
    },
  };
}

describe('a latency', () => {
  test('is read from its words, and anything else is refused', () => {
    expect(parseLatency('real')).toEqual(REAL_LATENCY);
    expect(parseLatency('none')).toEqual(NO_LATENCY);
    expect(parseLatency('request=100, reply=50,feed=0')).toEqual({ ...NO_LATENCY, requestMs: 100, replyMs: 50 });
    expect(parseLatency('request=90,block=70,jitter=30,reply=60,feed=200')).toEqual(REAL_LATENCY);
    for (const text of ['', 'fast', 'request', 'request=', 'request=-1', 'request=1.5', 'feed=60001', 'request=1,request=2', 'ping=3'])
      expect(parseLatency(text), text).toBeNull();
  });

  test('lets an action have effect on the grid of blocks, about 0.2 s before its answer', () => {
    expect(effectMs(NO_LATENCY, 1_234, 7)).toBe(1_234);
    expect(effectMs({ ...NO_LATENCY, requestMs: 100, blockMs: 70 }, 40, 0)).toBe(140);
    expect(effectMs({ ...NO_LATENCY, requestMs: 100, blockMs: 70 }, 41, 0)).toBe(210);
    const waits = Array.from({ length: 7_000 }, (_, n) => effectMs(REAL_LATENCY, n, n) - n + REAL_LATENCY.replyMs);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(150);
    expect(Math.max(...waits)).toBeLessThan(250);
    expect(Math.round(waits.reduce((sum, wait) => sum + wait, 0) / waits.length)).toBe(200);
  });

  test('draws every part of its jitter, the same for the same place in the sequence', () => {
    const latency = { ...NO_LATENCY, jitterMs: 9 };
    const drawn = Array.from({ length: 1_000 }, (_, n) => effectMs(latency, 0, n));
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect(Array.from({ length: 1_000 }, (_, n) => effectMs(latency, 0, n))).toEqual(drawn);
  });
});

describe('a delay line', () => {
  test('lets things arrive after their time and in the order they left, whatever their delays', () => {
    const clock = handClock();
    let delayMs = 100;
    const line = createDelayLine(clock, () => delayMs);
    const arrived: string[] = [];
    const send = (name: string) => line.push(() => arrived.push(`${name} ${clock.now()}`));
    send('a');
    clock.set(60);
    delayMs = 10;
    send('b');
    delayMs = 0;
    send('c');
    expect(arrived).toEqual([]);
    clock.set(99);
    expect(arrived).toEqual([]);
    clock.set(100);
    expect(arrived).toEqual(['a 100', 'b 100', 'c 100']);
    send('d');
    expect(arrived.at(-1)).toBe('d 100');
    delayMs = 50;
    send('e');
    line.release();
    expect(arrived.at(-1)).toBe('e 100');
    send('f');
    line.close();
    clock.set(1_000);
    expect(arrived.at(-1)).toBe('e 100');
  });
});
