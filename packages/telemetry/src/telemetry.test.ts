import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLog, type LogRecord } from './log.ts';
import { openLogSink } from './sink.ts';

const KEY = `0x${'ab12'.repeat(16)}`;

function collect(): { log: ReturnType<typeof createLog>; records: LogRecord[] } {
  const records: LogRecord[] = [];
  return { log: createLog((record) => records.push(structuredClone(record)), { bot: 'Sentient', thread: 'signal' }), records };
}

describe('the log', () => {
  it('carries the bindings of every parent', () => {
    const { log, records } = collect();
    log.child({ signalId: 7 }).info('entry sent', { coin: 'BTC' });
    expect(records[0]).toMatchObject({
      level: 'info',
      phrase: 'entry sent',
      data: { bot: 'Sentient', thread: 'signal', signalId: 7, coin: 'BTC' },
    });
  });

  it('hides keys and signatures by name, by look and inside errors, but not order ids or addresses', () => {
    const { log, records } = collect();
    const cloid = `0x${'a'.repeat(32)}`;
    const address = `0x${'b'.repeat(40)}`;
    log.error(`bad ${KEY}`, {
      privateKey: 'short',
      signature: { r: '1' },
      cloid,
      address,
      error: new Error(`signing with ${KEY.slice(2)} failed`),
    });
    const text = JSON.stringify(records);
    expect(text).not.toContain(KEY.slice(2));
    expect(text).not.toContain('short');
    log.info('sent', { body: `0x${'cd34'.repeat(32)}1b` });
    expect(JSON.stringify(records)).not.toContain('cd34');
    expect(text).toContain(cloid);
    expect(text).toContain(address);
  });

  it('survives what a program may throw at it: cycles of depth, bytes, bigints', () => {
    const { log, records } = collect();
    const loop: Record<string, unknown> = { n: 5n, bytes: new Uint8Array(3) };
    loop.self = loop;
    log.warn('odd', loop);
    expect(JSON.stringify(records)).toContain('[deep]');
  });

  it('writes JSON lines that are on disk at once', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-log-'));
    const path = join(dir, 'fleet.log');
    const sink = await openLogSink(path);
    const log = createLog((record) => sink.write(record), { bot: 'Sentient' });
    log.info('ready', { ms: 5 });
    log.error('worker lost', { code: 1 });
    const lines = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    sink.close();
    rmSync(dir, { recursive: true });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ level: 30, bot: 'Sentient', msg: 'ready', ms: 5 });
    expect(lines[1]).toMatchObject({ level: 50, msg: 'worker lost' });
  });
});

it.runIf(existsSync('/dev/full'))('a disk without room costs lines of the log and nothing else', async () => {
  const sink = await openLogSink('/dev/full');
  for (let line = 0; line < 3; line += 1) sink.write({ level: 'info', time: 0, phrase: 'bot starts', data: {} });
  sink.close();
  sink.write({ level: 'info', time: 0, phrase: 'too late', data: {} });
});
