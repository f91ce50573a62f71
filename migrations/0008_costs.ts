import type { Knex } from 'knex'

// A transaction's costs in parts, and what each ledger entry is for. Rows of an older build are rewritten by a rebuild; until then
// they say what they always said, one undivided fee.
const UP = `
ALTER TABLE ledger_entries ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT 'entry';
ALTER TABLE transactions ADD COLUMN priority_fee numeric NOT NULL DEFAULT 0;
ALTER TABLE transactions ADD COLUMN tip numeric NOT NULL DEFAULT 0;
ALTER TABLE balances ADD COLUMN provisional numeric NOT NULL DEFAULT 0;
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> =>
  knex.raw(`ALTER TABLE ledger_entries DROP COLUMN kind;
    ALTER TABLE transactions DROP COLUMN priority_fee, DROP COLUMN tip;
    ALTER TABLE balances DROP COLUMN provisional`)
