import type { Connection } from '../database.ts';

/** What the venue said of a bot's account and key when it was asked, and when that was. */
export interface AccountLook {
  readonly account: string;
  readonly signer: string;
  /** Taker fee, millionths. */
  readonly takerPpm: number;
  /** Whether the collateral is in the spot state. */
  readonly hasSpotCollateral: boolean;
  /** Wall time of the answers, ms. */
  readonly atWallMs: number;
}

interface LookSqlRow extends Omit<AccountLook, 'hasSpotCollateral'> {
  readonly hasSpotCollateral: number;
}

const GET = `
  SELECT account, signer, taker_ppm AS takerPpm, spot_collateral AS hasSpotCollateral, at_wall_ms AS atWallMs
  FROM account_looks WHERE bot = ?`;

const SET = `
  INSERT INTO account_looks (bot, account, signer, taker_ppm, spot_collateral, at_wall_ms)
  VALUES (@bot, @account, @signer, @takerPpm, @hasSpotCollateral, @atWallMs)
  ON CONFLICT (bot) DO UPDATE
  SET account = excluded.account, signer = excluded.signer, taker_ppm = excluded.taker_ppm, spot_collateral = excluded.spot_collateral,
      at_wall_ms = excluded.at_wall_ms`;

/** The table `account_looks`. */
export function createLookTable(db: Connection) {
  const get = db.prepare<[string], LookSqlRow>(GET);
  const set = db.prepare(SET);
  return {
    of(bot: string): AccountLook | null {
      const row = get.get(bot);
      return row === undefined ? null : { ...row, hasSpotCollateral: row.hasSpotCollateral === 1 };
    },
    remember: (bot: string, look: AccountLook): void => void set.run({ bot, ...look, hasSpotCollateral: look.hasSpotCollateral ? 1 : 0 }),
  };
}
