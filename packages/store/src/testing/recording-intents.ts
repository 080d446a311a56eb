/** Records intents for ever and prints each client order id once its commit has returned. */
import { openLedger } from '../ledger/open-ledger.ts';
import { BOT, sampleOrder, sampleTrade } from './trade-samples.ts';

const ledger = openLedger(process.argv[2] ?? '');
ledger.insertTrade(sampleTrade(), {});
for (let number = 0; ; number += 1) {
  const order = sampleOrder({ number });
  const event = { bot: BOT, tradeId: 't1', atMs: number, event: 'intent', detail: {} };
  if (!ledger.recordIntents('t1', number, [order], {}, [event])) throw new Error('nobody else writes here');
  console.log(order.intent.cloid);
}
