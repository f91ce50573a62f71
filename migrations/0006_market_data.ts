import type { Knex } from 'knex'

// Market data is no event and belongs to no shard: it lies in the first database, the others have the tables and leave them empty. Prices and
// volumes are numeric, scaled by 10^12. Ticks are kept by day; candles by interval, then by as much time as is dropped at once: a partition that
// is too old is dropped whole, which costs the same however many rows it holds. Partitions are made as data comes (src/projections/market).
const UP = `
-- The newest price of each symbol: what positions are valued at.
CREATE TABLE marks (
  symbol    text COLLATE "C" PRIMARY KEY,
  price     numeric NOT NULL,
  source_id text NOT NULL,
  at        bigint NOT NULL
) WITH (fillfactor = 50);

-- How far a source with dense numbers has been recorded: what comes again is not counted again.
CREATE TABLE tick_cursors (
  symbol   text COLLATE "C" NOT NULL,
  source   text COLLATE "C" NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (symbol, source)
) WITH (fillfactor = 50);

CREATE TABLE ticks (
  symbol    text COLLATE "C" NOT NULL,
  at        bigint NOT NULL,
  price     numeric NOT NULL,
  volume    numeric NOT NULL,
  source_id text NOT NULL
) PARTITION BY RANGE (at);
-- ticks come in the order of their time: a page range index costs nothing at 50,000 rows a second and finds a minute among days
CREATE INDEX ticks_at ON ticks USING brin (at) WITH (pages_per_range = 16);

CREATE TABLE candles (
  symbol    text COLLATE "C" NOT NULL,
  step      text COLLATE "C" NOT NULL,
  at        bigint NOT NULL,
  open      numeric NOT NULL,
  high      numeric NOT NULL,
  low       numeric NOT NULL,
  close     numeric NOT NULL,
  volume    numeric NOT NULL,
  ticks     bigint NOT NULL,
  -- times of the first and last tick in it: late ones must not move open and close
  opened_at bigint NOT NULL,
  closed_at bigint NOT NULL,
  PRIMARY KEY (step, symbol, at)
) PARTITION BY LIST (step);
`

export const up = (knex: Knex): Promise<void> => knex.raw(UP)

export const down = (knex: Knex): Promise<void> => knex.raw('DROP TABLE candles, ticks, tick_cursors, marks')
