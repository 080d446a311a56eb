/** A worker that does nothing but sign, with short pauses: the likeliest place to be hit by its own end. */
import { addressOfKey } from '@hyperfleet/hyperliquid';
import { openThread } from '@hyperfleet/supervisor';
import type { SigningProtocol } from './protocol.ts';

const thread = openThread<SigningProtocol>({ onMessage: () => undefined, calls: {}, drain: async () => undefined });
thread.ready();
for (;;) {
  for (let i = 0; i < 50; i += 1) addressOfKey('07'.repeat(32));
  await new Promise((resolve) => setImmediate(resolve));
}
