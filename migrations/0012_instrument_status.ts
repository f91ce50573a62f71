import type { Knex } from 'knex'

// An instrument of before had no status: it traded.
export const up = (knex: Knex): Promise<void> => knex.raw(`ALTER TABLE instruments ADD COLUMN status text NOT NULL DEFAULT 'trading'`)

export const down = (knex: Knex): Promise<void> => knex.raw('ALTER TABLE instruments DROP COLUMN status')
