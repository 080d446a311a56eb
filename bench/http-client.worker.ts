/** Sends loads it is handed over keep-alive connections, each body after the reply to the one before it. */
import { Agent } from 'node:http';
import { parentPort } from 'node:worker_threads';
import { post } from './http-post.ts';

/** Bodies by connection. */
export interface Load {
  readonly url: string;
  readonly bodies: readonly (readonly string[])[];
}

const port = parentPort;
if (port === null) throw new Error('this file is a worker');
const REFUSED = /"err(?:or)?"/;

port.on('message', async ({ url, bodies }: Load) => {
  const agents = bodies.map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  let refused: string | null = null;
  const start = process.hrtime.bigint();
  await Promise.all(
    bodies.map(async (lane, index) => {
      for (const body of lane) {
        const reply = await post(agents[index] ?? new Agent(), url, body);
        if (REFUSED.test(reply)) refused ??= reply;
      }
    }),
  );
  const ns = Number(process.hrtime.bigint() - start);
  for (const agent of agents) agent.destroy();
  port.postMessage({ ns, refused });
});
