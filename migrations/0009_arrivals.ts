import type { Knex } from 'knex'

// The wallets of a slice group, from the log, in one transaction with the group's checkpoint; and how far the chain's history of each
// address was read, from the chain. Either can be lost: the first is read from the log again, the second costs a walk through history.
// The checkpoints go, so that the wallets of accounts of before are found.
const UP = `
CREATE TABLE settlement_wallets (
  account_id  text COLLATE "C" PRIMARY KEY,
  slice_group integer NOT NULL,
  public_key  text NOT NULL
);
CREATE INDEX settlement_wallets_by_group ON settlement_wallets (slice_group, account_id);

CREATE TABLE settlement_arrivals (
  address   text COLLATE "C" PRIMARY KEY,
  signature text NOT NULL,
  slot      bigint NOT NULL,
  amount    numeric NOT NULL
) WITH (fillfactor = 70);

DELETE FROM settlement_checkpoints;
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE settlement_wallets, settlement_arrivals')
