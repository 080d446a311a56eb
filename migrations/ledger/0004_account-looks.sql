-- What the venue said of an account at the last look before its bot began, so that a fleet that is started again need not wait for it.
CREATE TABLE account_looks (
  bot             TEXT PRIMARY KEY,
  account         TEXT NOT NULL,
  signer          TEXT NOT NULL,
  taker_ppm       INTEGER NOT NULL,
  spot_collateral INTEGER NOT NULL CHECK (spot_collateral IN (0, 1)),
  at_wall_ms      INTEGER NOT NULL
) STRICT;
