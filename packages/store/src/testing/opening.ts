/** Opens a database as whoever runs this, and prints what came of it. */
import { openLedger } from '../ledger/open-ledger.ts';
import { openSignalQueue } from '../signals/open-signal-queue.ts';
import { StoreError } from '../store-error.ts';

const [kind, path = ''] = process.argv.slice(2);
try {
  (kind === 'ledger' ? openLedger : openSignalQueue)(path).close();
  console.log('opened');
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  console.log(`${error.code} ${error.retry} ${error.message}`);
}
