import type { Knex } from 'knex'

// Who would project this shard: every projector process that is alive says so here once a second, and the shards are shared among them.
const UP = `
CREATE TABLE projectors (
  owner   text COLLATE "C" PRIMARY KEY,
  seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE projectors')
