import { open } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { openThread } from '../thread.ts';
import type { TestData, TestProtocol } from './protocol.ts';

const data: TestData = workerData;

/** A message whose reader does not exist on the other side: the one way to a genuine `messageerror`. */
async function sendUnreadable(): Promise<void> {
  const file = await open(import.meta.filename);
  let symbols: symbol[] = [];
  for (let at: object | null = file; at !== null; at = Object.getPrototypeOf(at))
    symbols = [...symbols, ...Object.getOwnPropertySymbols(at)];
  const transfer = symbols.find((symbol) => symbol.description === 'messaging_transfer_symbol');
  if (transfer === undefined) throw new Error('this Node has no messaging_transfer_symbol');
  Object.defineProperty(file, transfer, { value: () => ({ data: null, deserializeInfo: 'nowhere:Nothing' }) });
  parentPort?.postMessage({ kind: 'message', body: file }, [file]);
}

const thread = openThread<TestProtocol>({
  onMessage(body) {
    switch (body.kind) {
      case 'crash':
        throw new Error('crashed as asked');
      case 'hang':
        for (;;);
      case 'leak':
        for (const kept: number[][] = []; ; ) kept.push(Array.from({ length: 10_000 }, () => kept.length + 0.5));
      case 'leave':
        process.exit(0);
        return;
      case 'unreadable':
        void sendUnreadable();
        return;
      case 'echo':
        thread.send({ kind: 'echoed', text: body.text });
        return;
      default: {
        const never: never = body;
        throw new Error(String(never));
      }
    }
  },
  calls: {
    double: async (ask) => ask * 2,
    refuse: () => {
      throw new Error('I would rather not');
    },
    never: () => new Promise<null>(() => {}),
  },
  async drain() {
    if (data.atDrain === 'throw') throw new Error('could not close');
    if (data.atDrain === 'stay') await new Promise(() => {});
    thread.send({ kind: 'echoed', text: 'last word' });
  },
});

if (data.atStart === 'crash') throw new Error('crashed at start');
if (data.atStart === 'ready') {
  thread.send({ kind: 'env', names: Object.keys(process.env) });
  thread.ready();
}
