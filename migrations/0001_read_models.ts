import type { Knex } from 'knex'

// Keys are compared byte by byte (COLLATE "C"): the digest of a shard must not depend on the server's locale.
// Amounts are base units in numeric: a u64 token amount does not fit a bigint. `revision` is the stream revision of the last
// event that wrote the row (the guard of every upsert), `position` its commit position (the public token).
// Rows rewritten by many events leave room on their page, so that updates stay heap-only.
const UP = `
CREATE TABLE leases (
  name       text COLLATE "C" PRIMARY KEY,
  owner      text NOT NULL,
  fence      bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

-- One row: what this database is and how far it has come. -1 is before the first event.
CREATE TABLE checkpoint (
  shard            integer PRIMARY KEY,
  log_id           text NOT NULL,
  map_version      integer NOT NULL,
  commit_position  bigint NOT NULL,
  prepare_position bigint NOT NULL,
  fence            bigint NOT NULL,
  -- Rises when a stream is paused or resumed: what a projector remembers of paused streams is then read again.
  pauses           bigint NOT NULL DEFAULT 0
);

CREATE TABLE accounts (
  account_id text COLLATE "C" PRIMARY KEY,
  opened_at  bigint NOT NULL,
  revision   bigint NOT NULL,
  position   bigint NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE wallets (
  account_id text COLLATE "C" PRIMARY KEY,
  public_key text COLLATE "C" NOT NULL,
  path       text NOT NULL,
  revision   bigint NOT NULL,
  position   bigint NOT NULL
);
CREATE INDEX wallets_public_key ON wallets (public_key);

CREATE TABLE balances (
  account_id text COLLATE "C" NOT NULL,
  asset      text COLLATE "C" NOT NULL,
  available  numeric NOT NULL,
  reserved   numeric NOT NULL,
  revision   bigint NOT NULL,
  position   bigint NOT NULL,
  PRIMARY KEY (account_id, asset)
) WITH (fillfactor = 80);

CREATE TABLE ledger_entries (
  account_id     text COLLATE "C" NOT NULL,
  revision       bigint NOT NULL,
  entry          integer NOT NULL,
  ledger_account text NOT NULL,
  asset          text COLLATE "C" NOT NULL,
  amount         numeric NOT NULL,
  event_type     text NOT NULL,
  ref            text,
  at             bigint NOT NULL,
  position       bigint NOT NULL,
  PRIMARY KEY (account_id, revision, entry)
);

CREATE TABLE orders (
  account_id     text COLLATE "C" NOT NULL,
  number         bigint NOT NULL,
  cl_ord_id      text COLLATE "C" NOT NULL,
  symbol         text NOT NULL,
  side           text NOT NULL,
  type           text NOT NULL,
  time_in_force  text NOT NULL,
  ord_status     text NOT NULL,
  order_qty      numeric,
  cash_order_qty numeric,
  cum_qty        numeric NOT NULL,
  cum_quote      numeric NOT NULL,
  price          text,
  text           text,
  base_decimals  integer NOT NULL,
  quote_decimals integer NOT NULL,
  reserved_asset text,
  reserved       numeric NOT NULL,
  accepted_at    bigint NOT NULL,
  revision       bigint NOT NULL,
  position       bigint NOT NULL,
  PRIMARY KEY (account_id, number)
) WITH (fillfactor = 80);
CREATE INDEX orders_cl_ord_id ON orders (account_id, cl_ord_id, number);

-- event_revision: of the event that is this execution; revision moves on when it is busted.
CREATE TABLE executions (
  account_id     text COLLATE "C" NOT NULL,
  exec_id        text COLLATE "C" NOT NULL,
  order_number   bigint NOT NULL,
  exec_type      text NOT NULL,
  symbol         text COLLATE "C" NOT NULL,
  side           text NOT NULL,
  base_decimals  integer NOT NULL,
  quote_decimals integer NOT NULL,
  qty            numeric NOT NULL,
  quote          numeric NOT NULL,
  exec_ref_id    text,
  busted         boolean NOT NULL,
  signature      text NOT NULL,
  at             bigint NOT NULL,
  event_revision bigint NOT NULL,
  revision       bigint NOT NULL,
  position       bigint NOT NULL,
  PRIMARY KEY (account_id, exec_id)
);
CREATE INDEX executions_by_time ON executions (account_id, event_revision);

CREATE TABLE positions (
  account_id     text COLLATE "C" NOT NULL,
  symbol         text COLLATE "C" NOT NULL,
  qty            numeric NOT NULL,
  cost           numeric NOT NULL,
  realized       numeric NOT NULL,
  base_decimals  integer NOT NULL,
  quote_decimals integer NOT NULL,
  revision       bigint NOT NULL,
  position       bigint NOT NULL,
  PRIMARY KEY (account_id, symbol)
) WITH (fillfactor = 80);

CREATE TABLE deposits (
  account_id text COLLATE "C" NOT NULL,
  deposit_id text COLLATE "C" NOT NULL,
  asset      text NOT NULL,
  requested  numeric,
  credited   numeric NOT NULL,
  status     text NOT NULL,
  signature  text,
  reason     text,
  revision   bigint NOT NULL,
  position   bigint NOT NULL,
  PRIMARY KEY (account_id, deposit_id)
);

CREATE TABLE transactions (
  account_id              text COLLATE "C" NOT NULL,
  ref                     text COLLATE "C" NOT NULL,
  attempt                 integer NOT NULL,
  purpose                 text NOT NULL,
  signature               text NOT NULL,
  status                  text NOT NULL,
  generation              integer NOT NULL,
  slot                    bigint,
  fee                     numeric NOT NULL,
  rent                    numeric NOT NULL,
  error                   text,
  final                   boolean NOT NULL,
  last_valid_block_height bigint NOT NULL,
  signed_at               bigint NOT NULL,
  revision                bigint NOT NULL,
  position                bigint NOT NULL,
  PRIMARY KEY (account_id, ref, attempt)
) WITH (fillfactor = 80);

CREATE TABLE compensations (
  account_id        text COLLATE "C" NOT NULL,
  compensation_id   text COLLATE "C" NOT NULL,
  state             text NOT NULL,
  cause_type        text NOT NULL,
  cause_ref         text NOT NULL,
  cause_attempt     integer,
  command           text,
  reverses          text NOT NULL,
  asset             text,
  amount            numeric,
  opened_position   bigint NOT NULL,
  resolved_position bigint,
  resolved_by       text,
  revision          bigint NOT NULL,
  position          bigint NOT NULL,
  PRIMARY KEY (account_id, compensation_id)
);
CREATE INDEX compensations_by_time ON compensations (state, opened_position, account_id, compensation_id);

CREATE TABLE instruments (
  symbol         text COLLATE "C" PRIMARY KEY,
  version        integer NOT NULL,
  base           text NOT NULL,
  base_mint      text NOT NULL,
  base_decimals  integer NOT NULL,
  quote          text NOT NULL,
  quote_mint     text NOT NULL,
  quote_decimals integer NOT NULL,
  tick_size      text NOT NULL,
  lot_size       text NOT NULL,
  revision       bigint NOT NULL,
  position       bigint NOT NULL
);

-- A stream whose event could not be projected, and everything of it since, in order. json, not jsonb: the text must come back as it was.
CREATE TABLE paused_streams (
  stream_id  text COLLATE "C" PRIMARY KEY,
  revision   bigint NOT NULL,
  event_type text NOT NULL,
  reason     text NOT NULL,
  position   bigint NOT NULL
);
CREATE TABLE parked_events (
  stream_id        text COLLATE "C" NOT NULL,
  revision         bigint NOT NULL,
  event_id         text NOT NULL,
  type             text NOT NULL,
  data             json NOT NULL,
  metadata         json NOT NULL,
  created          bigint NOT NULL,
  commit_position  bigint NOT NULL,
  prepare_position bigint NOT NULL,
  PRIMARY KEY (stream_id, revision)
);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

/** Read models are rebuilt from the log, never rolled back: there is nothing to lose and nothing to keep. */
export const down = (knex: Knex): Promise<void> =>
  knex.raw(`DROP TABLE leases, checkpoint, accounts, wallets, balances, ledger_entries, orders, executions, positions, deposits, transactions,
    compensations, instruments, paused_streams, parked_events`)
