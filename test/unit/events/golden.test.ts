import assert from 'node:assert/strict'
import { ACCOUNT_EVENTS } from '../../../src/events/account/account-event.ts'
import { REFERENCE_EVENTS } from '../../../src/events/reference/reference-event.ts'
import { SCHEMA_VERSION } from '../../../src/events/upcast.ts'
import { goldenFiles, goldenVersions, meaningOf, readGolden } from '../../golden/corpus.ts'
import { asKnownBy, canonical, stateHash } from '../../golden/state-hash.ts'

/** Types that no code of this build writes: each with what will write it. */
const NOT_WRITTEN: Readonly<Record<string, string>> = {
  KeyRevoked: 'written once a command revokes keys',
}

describe('the golden corpus: streams as every schema version wrote them', () => {
  for (const version of goldenVersions())
    for (const file of goldenFiles(version)) {
      const golden = readGolden(version, file)
      it(`v${version}/${file} means what it meant`, () => {
        assert.equal(golden.stateHash, stateHash(golden.state), 'the file was edited by hand')
        const known = asKnownBy(golden.state, meaningOf(golden))
        assert.deepEqual(known, golden.state)
        assert.equal(stateHash(known), golden.stateHash)
      })
      it(`v${version}/${file} is of its version`, () => {
        for (const { metadata } of golden.events) assert.equal(metadata.schema, version)
      })
    }

  it('holds every event type under the newest version, but for those that nothing writes', () => {
    const files = goldenVersions().includes(SCHEMA_VERSION) ? goldenFiles(SCHEMA_VERSION) : []
    const recorded = new Set(files.flatMap((file) => readGolden(SCHEMA_VERSION, file).events.map(({ type }) => type)))
    const known = [...Object.keys(ACCOUNT_EVENTS), ...Object.keys(REFERENCE_EVENTS)]
    const missing = known.filter((type) => !recorded.has(type) && !(type in NOT_WRITTEN))
    assert.deepEqual(missing, [], 'give it a story in test/golden/stories.ts and run: npm run -s golden')
    const written = Object.keys(NOT_WRITTEN).filter((type) => recorded.has(type) || !known.includes(type))
    assert.deepEqual(written, [], 'take it off the list')
  })

  it('shows a change of meaning, and lets a state grow', () => {
    const golden = readGolden(1, 'fills.json')
    const grown = { ...(golden.state as Record<string, never>), newField: 1 }
    assert.equal(stateHash(asKnownBy(golden.state, grown)), golden.stateHash)
    const { nextOrder: _gone, ...shrunk } = golden.state as Record<string, never>
    assert.notEqual(stateHash(asKnownBy(golden.state, shrunk)), golden.stateHash)
    const balances = (golden.state as { balances: Record<string, unknown> }).balances
    const richer = { ...(golden.state as object), balances: { ...balances, BONK: { available: '1n', reserved: '0n' } } }
    assert.notEqual(stateHash(asKnownBy(golden.state, canonical(richer))), golden.stateHash)
    const events = golden.events.map((event) =>
      event.type === 'TradeBooked' ? { ...event, data: { ...(event.data as object), lastQuote: '1' } } : event,
    )
    assert.notEqual(stateHash(asKnownBy(golden.state, meaningOf({ ...golden, events }))), golden.stateHash)
  })
})
