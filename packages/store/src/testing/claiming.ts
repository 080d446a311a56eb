/** Claims every entry of a bot and prints the row ids, going on as long as the file is merely locked. */
import { openSignalQueue } from '../signals/open-signal-queue.ts';
import { StoreError } from '../store-error.ts';

const [path = '', bot = ''] = process.argv.slice(2);

/** Tries again for as long as another claimer is in the way. */
function patiently<T>(work: () => T): T {
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'locked') throw error;
    }
  }
}

const queue = patiently(() => openSignalQueue(path));
for (;;) {
  const claimed = patiently(() => queue.claimEntry(bot));
  if (claimed === null) break;
  console.log(claimed.rowId);
}
queue.close();
