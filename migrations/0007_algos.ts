import type { Knex } from 'knex'

// An algo's slices are orders that name it: their sum is taken where it is asked for, by an index that no other order is in.
const UP = `
CREATE TABLE algos (
  account_id       text COLLATE "C" NOT NULL,
  algo_id          text COLLATE "C" NOT NULL,
  symbol           text NOT NULL,
  side             text NOT NULL,
  status           text NOT NULL,
  quantity         numeric NOT NULL,
  price            text,
  max_slippage_bps integer NOT NULL,
  strategy_id      text COLLATE "C",
  plan             text NOT NULL,
  slices_done      integer NOT NULL,
  text             text,
  started_at       bigint NOT NULL,
  base_decimals    integer NOT NULL,
  started_revision bigint NOT NULL,
  revision         bigint NOT NULL,
  position         bigint NOT NULL,
  PRIMARY KEY (account_id, algo_id)
) WITH (fillfactor = 80);
CREATE INDEX algos_by_time ON algos (account_id, started_revision);

ALTER TABLE orders ADD COLUMN algo_id text COLLATE "C" GENERATED ALWAYS AS (rare::jsonb -> 'algo' ->> 'algoId') STORED;
CREATE INDEX orders_algo ON orders (account_id, algo_id) WHERE algo_id IS NOT NULL;
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('ALTER TABLE orders DROP COLUMN algo_id; DROP TABLE algos')
