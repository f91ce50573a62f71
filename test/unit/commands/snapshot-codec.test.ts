import assert from 'node:assert/strict'
import { decodeState, encodeState } from '../../../src/commands/handler/snapshot-codec.ts'
import { canonical } from '../../golden/state-hash.ts'
import { bothOpen, funded, limit, place } from './account-story.ts'

describe('the codec of snapshots', () => {
  it('keeps attempts that newer ones have superseded: they may still land', () => {
    const s = funded()
    for (const command of [place(limit()), ...bothOpen()]) s.does(command)
    assert.deepEqual([...s.state.earlier.keys()], ['1#1'])
    assert.deepEqual(canonical(decodeState(JSON.parse(JSON.stringify(encodeState(s.state))))), canonical(s.state))
  })
})
