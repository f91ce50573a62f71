import type { Knex } from 'knex'

// ClOrdIDs that replaces gave to orders: an order is found by each that it ever had. Its first one stands in its own row.
const UP = `
CREATE TABLE order_client_ids (
  account_id   text COLLATE "C" NOT NULL,
  cl_ord_id    text COLLATE "C" NOT NULL,
  order_number bigint NOT NULL,
  revision     bigint NOT NULL,
  position     bigint NOT NULL,
  PRIMARY KEY (account_id, cl_ord_id)
);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE order_client_ids')
