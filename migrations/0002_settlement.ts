import type { Knex } from 'knex'

// Settlement keeps its index in the first database; the others have the tables and leave them empty.
// An account is listed from its first event until it was found with nothing to do at a revision not below the listed one.
// Both tables can be dropped at any time: they are rebuilt from the log.
const UP = `
CREATE TABLE settlement_checkpoints (
  slice_group      integer PRIMARY KEY,
  log_id           text NOT NULL,
  commit_position  bigint NOT NULL,
  prepare_position bigint NOT NULL,
  fence            bigint NOT NULL
);

CREATE TABLE settlement_work (
  account_id  text COLLATE "C" PRIMARY KEY,
  slice_group integer NOT NULL,
  revision    bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX settlement_work_by_group ON settlement_work (slice_group);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE settlement_checkpoints, settlement_work')
