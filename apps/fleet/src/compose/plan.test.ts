import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { makePlan } from './plan.ts';

const dir = mkdtempSync(join(tmpdir(), 'hyperfleet-plan-'));
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

it('an account whose address is mistyped is named before anything is started, and taken as it is published', async () => {
  const config = join(dir, 'fleet.config.mjs');
  writeFileSync(config, "export default { mode: 'paper', bots: [{ id: 'Sentient', keyEnv: 'PLAN_KEY', accountEnv: 'PLAN_ACCOUNT' }] };");
  vi.stubEnv('PLAN_KEY', 'ab12'.repeat(16));
  const rest = { untilIdle: true, report: null, speed: null, market: null, signals: null, newLedger: false };
  const plan = () => makePlan({ ...rest, config, dataDir: join(dir, 'data') });
  vi.stubEnv('PLAN_ACCOUNT', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD');
  await expect(plan()).rejects.toThrow('bots[0].accountEnv is "PLAN_ACCOUNT": it names a variable whose address is mistyped');
  for (const address of ['0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed']) {
    vi.stubEnv('PLAN_ACCOUNT', address);
    expect((await plan()).bots).toMatchObject([{ accountEnv: 'PLAN_ACCOUNT' }]);
  }
});
