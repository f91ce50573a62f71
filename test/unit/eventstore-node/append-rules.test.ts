import assert from 'node:assert/strict'
import {
  type AppendDecision,
  decideAppend,
  type ExpectedRevision,
  type StreamForAppend,
} from '../../../src/embedded/eventstore/streams/append-rules.ts'

/** A stream whose events have the ids given; `recent` of them are still in the id cache. */
const stream = (
  ids: readonly string[],
  options: Partial<StreamForAppend> & { readonly recent?: readonly string[] } = {},
): StreamForAppend => ({
  lastRevision: ids.length - 1,
  tombstoned: false,
  softDeleted: false,
  hasMetadata: false,
  revisionOfRecent: (id) => ((options.recent ?? ids).includes(id) ? ids.indexOf(id) : undefined),
  idAt: (revision) => ids[revision],
  ...options,
})

const WRITE: AppendDecision = { kind: 'write', recreates: false }
const RECREATE: AppendDecision = { kind: 'write', recreates: true }
const DELETED: AppendDecision = { kind: 'stream-deleted' }
const wrong = (current: number): AppendDecision => ({ kind: 'wrong-expected-version', current })
const already = (lastRevision: number): AppendDecision => ({ kind: 'already-written', lastRevision })

const ABC = stream(['a', 'b', 'c'])
const SOFT = stream(['a', 'b'], { softDeleted: true, hasMetadata: true })
const FORGOTTEN = stream(['a', 'b', 'c'], { recent: [] })

describe('append rules', () => {
  const cases: [string, StreamForAppend, ExpectedRevision, string[], AppendDecision][] = [
    ['a new stream takes NO_STREAM', stream([]), 'no_stream', ['x'], WRITE],
    ['a new stream takes ANY', stream([]), 'any', ['x'], WRITE],
    ['a new stream does not exist', stream([]), 'stream_exists', ['x'], wrong(-1)],
    ['a stream that has metadata only does exist', stream([], { hasMetadata: true }), 'stream_exists', ['x'], WRITE],
    ['a new stream has no revision 0', stream([]), 0, ['x'], wrong(-1)],
    ['the last revision is taken', ABC, 2, ['x'], WRITE],
    ['a revision past the last is not', ABC, 3, ['x'], wrong(2)],
    ['an old revision is not', ABC, 1, ['x'], wrong(2)],
    ['NO_STREAM is not, once there are events', ABC, 'no_stream', ['x'], wrong(2)],
    ['STREAM_EXISTS is', ABC, 'stream_exists', ['x'], WRITE],
    ['a repetition at its revision', ABC, 0, ['b', 'c'], already(2)],
    ['a repetition of the first events', ABC, 'no_stream', ['a', 'b'], already(1)],
    ['a repetition is known by the log when the cache has forgotten it', FORGOTTEN, 0, ['b', 'c'], already(2)],
    ['a repetition with other events behind it', ABC, 0, ['b', 'x'], wrong(2)],
    ['a repetition that runs past the end', ABC, 0, ['b', 'c', 'd'], wrong(2)],
    ['the same ids at another revision', ABC, 'no_stream', ['b', 'c'], wrong(2)],
    ['a repetition with ANY', ABC, 'any', ['b', 'c'], already(2)],
    ['a repetition with STREAM_EXISTS', ABC, 'stream_exists', ['a'], already(0)],
    ['ANY does not know what the cache has forgotten', FORGOTTEN, 'any', ['b'], WRITE],
    ['ANY with a new id behind a known one', ABC, 'any', ['b', 'x'], wrong(2)],
    ['ANY with a known id behind a new one', ABC, 'any', ['x', 'b'], WRITE],
    ['nothing to append at the last revision', ABC, 2, [], WRITE],
    ['nothing to append at an old revision', ABC, 1, [], wrong(2)],
    ['nothing to append with ANY', ABC, 'any', [], WRITE],
    ['a soft-deleted stream takes NO_STREAM and comes back', SOFT, 'no_stream', ['x'], RECREATE],
    ['a soft-deleted stream takes ANY', SOFT, 'any', ['x'], RECREATE],
    ['a soft-deleted stream takes its last revision', SOFT, 1, ['x'], RECREATE],
    ['a soft-deleted stream does not take an older one', SOFT, 0, ['x'], wrong(1)],
    ['a soft-deleted stream does not exist', SOFT, 'stream_exists', ['x'], DELETED],
    ['a repetition of what was deleted', SOFT, 'no_stream', ['a', 'b'], already(1)],
    ['a tombstone refuses everything', stream(['a'], { tombstoned: true }), 'any', ['a'], DELETED],
    ['a tombstone refuses its own revision', stream(['a'], { tombstoned: true }), 0, ['x'], DELETED],
  ]
  for (const [title, given, expected, ids, decision] of cases) {
    it(title, () => assert.deepEqual(decideAppend(given, expected, ids), decision))
  }
})
