import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Says before the first test whether the large recordings are there: without them some tests skip, and nobody should wonder why. */
export default function announceOptionalData(): void {
  const folder = process.env.HYPERFLEET_SHARED ?? join(import.meta.dirname, '..', '..', 'shared');
  const found = existsSync(join(folder, 'data'));
  console.log(
    found
      ? `Optional recordings: ${folder}. Tests that compare with them run.`
      : `Optional recordings: none at ${folder} (HYPERFLEET_SHARED names another place). Tests that compare with them skip; all others run.`,
  );
}
