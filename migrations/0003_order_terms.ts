import type { Knex } from 'knex'

// Rare terms of an order as one JSON text: null for a plain one, so that the many plain orders carry no columns of others.
// What orders are looked up by is taken out of it by the server.
const UP = `
ALTER TABLE orders
  ADD COLUMN rare        text,
  ADD COLUMN strategy_id text COLLATE "C" GENERATED ALWAYS AS (rare::jsonb ->> 'strategyId') STORED,
  ADD COLUMN list_id     text COLLATE "C" GENERATED ALWAYS AS (rare::jsonb -> 'list' ->> 'listId') STORED;
CREATE INDEX orders_strategy ON orders (account_id, strategy_id, number) WHERE strategy_id IS NOT NULL;
CREATE INDEX orders_list ON orders (account_id, list_id, number) WHERE list_id IS NOT NULL;
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> =>
  knex.raw('ALTER TABLE orders DROP COLUMN list_id, DROP COLUMN strategy_id, DROP COLUMN rare')
