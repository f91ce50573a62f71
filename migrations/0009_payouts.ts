import type { Knex } from 'knex'

// Withdrawals and transfers of an account, those received too; a list is a walk down the primary key.
const UP = `
CREATE TABLE payouts (
  account_id   text COLLATE "C" NOT NULL,
  ref          text COLLATE "C" NOT NULL,
  kind         text NOT NULL,
  payout_id    text COLLATE "C" NOT NULL,
  counterparty text NOT NULL,
  asset        text NOT NULL,
  decimals     integer,
  amount       numeric NOT NULL,
  status       text NOT NULL,
  signature    text,
  reason       text,
  revision     bigint NOT NULL,
  position     bigint NOT NULL,
  PRIMARY KEY (account_id, ref)
) WITH (fillfactor = 80);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE payouts')
