import type { Knex } from 'knex'

// Where ledger and chain differ or differed, and corrections by hand. Open divergences of the whole book are read together, so they have
// an index of their own: it holds next to nothing. A list of an account's corrections is a walk down the primary key.
const UP = `
CREATE TABLE divergences (
  account_id        text COLLATE "C" NOT NULL,
  divergence_id     text COLLATE "C" NOT NULL,
  asset             text NOT NULL,
  state             text NOT NULL,
  ledger            numeric NOT NULL,
  chain             numeric NOT NULL,
  slot              bigint NOT NULL,
  found_at          bigint NOT NULL,
  found_position    bigint NOT NULL,
  resolution        text,
  resolved_at       bigint,
  resolved_position bigint,
  revision          bigint NOT NULL,
  position          bigint NOT NULL,
  PRIMARY KEY (account_id, divergence_id)
) WITH (fillfactor = 80);
CREATE INDEX divergences_newest ON divergences (state, found_position DESC, account_id DESC, divergence_id DESC);
CREATE TABLE corrections (
  account_id    text COLLATE "C" NOT NULL,
  correction_id text COLLATE "C" NOT NULL,
  asset         text NOT NULL,
  decimals      integer NOT NULL,
  amount        numeric NOT NULL,
  reason        text NOT NULL,
  status        text NOT NULL,
  requested_by  text NOT NULL,
  decided_by    text,
  decision      text,
  divergence_id text,
  expires_at    bigint NOT NULL,
  revision      bigint NOT NULL,
  position      bigint NOT NULL,
  PRIMARY KEY (account_id, correction_id)
) WITH (fillfactor = 80);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE corrections, divergences')
