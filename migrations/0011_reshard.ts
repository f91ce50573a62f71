import type { Knex } from 'knex'

// Who reads, and by which shard map: a reshard waits until none of the living is left on the old one. Only in the first database of DATABASE_URLS.
// retired_maps: a map whose rows were here and are gone, so that a projector that has slept through it does not begin anew.
const UP = `
CREATE TABLE readers (
  process     text COLLATE "C" PRIMARY KEY,
  map_version integer NOT NULL,
  seen_at     timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE retired_maps (
  map_version integer PRIMARY KEY
);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE readers, retired_maps')
