/** What a field or parameter holds, and with it what it must refuse. */
export type BadKind = 'id' | 'text' | 'word' | 'amount' | 'signed' | 'count' | 'flag' | 'tiers' | 'config' | 'place' | 'limit' | 'cursor'

const HUGE = '9'.repeat(60)

/** Wrong for every field that is a string. */
const NOT_TEXT = [null, true, 1, 1.5, -1, 1e300, [], ['1'], {}, { $ne: 1 }, '', ' ', '\u0000', 'x'.repeat(5_000)]
const NOT_AMOUNT = [
  ...NOT_TEXT,
  '-1',
  '-0',
  '0',
  '0.0',
  '+1',
  '1e3',
  '1E-3',
  '1.',
  '.5',
  '1,5',
  '1_000',
  '0x10',
  'NaN',
  'Infinity',
  ' 1',
  '1 ',
  '１',
]

/** Values that a body's field of each kind refuses with 400. */
export const BAD_FIELDS: Readonly<
  Record<'id' | 'text' | 'word' | 'amount' | 'signed' | 'count' | 'flag' | 'tiers' | 'config', readonly unknown[]>
> = {
  id: [...NOT_TEXT, 'a.b', 'a/b', '../../etc', 'x'.repeat(49), 'ä', 'a b', 'a\n', "'; DROP TABLE orders; --"],
  text: NOT_TEXT,
  word: [...NOT_TEXT, 'BUY', 'Limit', 'GTC', 'nonsense', 'constructor', '__proto__'],
  amount: [...NOT_AMOUNT, HUGE, `${HUGE}.5`, '0.00000000000000000001', `1.${'1'.repeat(40)}`],
  signed: [...NOT_AMOUNT.filter((value) => value !== '-1'), HUGE, `-${HUGE}`, '--1', '-0.0', `1.${'1'.repeat(40)}`],
  flag: [null, 'true', 'false', 0, 1, '', [], {}],
  tiers: [
    ...[null, true, 1, '1', {}, [], [1], [{ tier: 0 }], [{ tier: 1, bps: 1 }], [{ tier: 0, bps: -1 }], [{ tier: 0, bps: 1, x: 1 }]],
    [
      { tier: 0, bps: 1 },
      { tier: 0, bps: 1 },
    ],
  ],
  config: [null, true, 1, '', '{}', [], [1], { text: 'x'.repeat(20_000) }, { deep: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) }],
  count: [null, true, '1', 1.5, -1, 1e9, 1e300, [], {}],
}

/** Query strings of one parameter that are refused with 400. */
export const BAD_QUERIES: Readonly<Record<'place' | 'limit' | 'cursor', readonly string[]>> = {
  place: ['-1', '1.5', 'abc', '', '0x1', '1e3', HUGE, '%00'],
  limit: ['0', '-1', '1.5', 'abc', '', '1001', HUGE],
  cursor: ['', '%00', 'x'.repeat(2_000), '../etc', '{}'],
}

/** Bodies that are no JSON object at all. */
export const BAD_BODIES = [
  '',
  '{',
  '[]',
  'null',
  'true',
  '1',
  '"text"',
  '{"a":1',
  '{}x',
  '\u0000',
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
  '<x/>',
]
