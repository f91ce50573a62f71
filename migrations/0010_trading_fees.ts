import type { Knex } from 'knex'

// What each order was charged for its trades, net of busts: one row per charged order, read by its key alone.
const UP = `
CREATE TABLE trading_fees (
  account_id       text COLLATE "C" NOT NULL,
  order_number     bigint NOT NULL,
  asset            text NOT NULL,
  amount           numeric NOT NULL,
  bps              integer NOT NULL,
  tier             integer NOT NULL,
  schedule_stream  text NOT NULL,
  schedule_version integer NOT NULL,
  revision         bigint NOT NULL,
  position         bigint NOT NULL,
  PRIMARY KEY (account_id, order_number)
) WITH (fillfactor = 80);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE trading_fees')
