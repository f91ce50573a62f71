import type { Knex } from 'knex'

// A repair is written down in its own transaction and told to the log afterwards: none is forgotten between the two.
// Completeness: how much of the log there is for this shard, counted from the log itself, beside what the rows account for.
const UP = `
CREATE TABLE untold_repairs (
  command_id text COLLATE "C" PRIMARY KEY,
  account_id text COLLATE "C" NOT NULL,
  position   bigint NOT NULL,
  repair     json NOT NULL
);

CREATE TABLE completeness (
  shard            integer PRIMARY KEY,
  map_version      integer NOT NULL,
  commit_position  bigint NOT NULL,
  prepare_position bigint NOT NULL,
  events           bigint NOT NULL,
  heads            numeric NOT NULL,
  checked_position bigint,
  missing          bigint,
  equal            boolean
) WITH (fillfactor = 50);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE untold_repairs, completeness')
