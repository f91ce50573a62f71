import type { Knex } from 'knex'

// First in, first out. A queue row holds the running totals of a symbol's current run; a lot row is a stretch of a run, found by where it ends.
// The index serves "open lots, oldest first" and "the lot the mark stands in" alike: both start at the totals' mark and walk on.
const UP = `
CREATE TABLE lot_queues (
  account_id     text COLLATE "C" NOT NULL,
  symbol         text COLLATE "C" NOT NULL,
  run            integer NOT NULL,
  side           text NOT NULL,
  opened         numeric NOT NULL,
  opened_quote   numeric NOT NULL,
  closed         numeric NOT NULL,
  closed_quote   numeric NOT NULL,
  realized       numeric NOT NULL,
  base_decimals  integer NOT NULL,
  quote_decimals integer NOT NULL,
  revision       bigint NOT NULL,
  position       bigint NOT NULL,
  PRIMARY KEY (account_id, symbol)
) WITH (fillfactor = 80);

CREATE TABLE lots (
  account_id      text COLLATE "C" NOT NULL,
  symbol          text COLLATE "C" NOT NULL,
  opened_revision bigint NOT NULL,
  exec_id         text COLLATE "C" NOT NULL,
  run             integer NOT NULL,
  side            text NOT NULL,
  qty             numeric NOT NULL,
  quote           numeric NOT NULL,
  up_to           numeric NOT NULL,
  quote_up_to     numeric NOT NULL,
  opened_at       bigint NOT NULL,
  revision        bigint NOT NULL,
  position        bigint NOT NULL,
  PRIMARY KEY (account_id, symbol, opened_revision)
);
CREATE INDEX lots_in_run ON lots (account_id, symbol, run, up_to);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE lots, lot_queues')
