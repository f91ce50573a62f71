/** A revision, or one of the three words of the protocol. */
export type ExpectedRevision = number | 'any' | 'no_stream' | 'stream_exists'

/** What the rules look at: the state before commit, so that queued writes already count. */
export interface StreamForAppend {
  /** -1: no event yet. */
  readonly lastRevision: number
  readonly tombstoned: boolean
  readonly softDeleted: boolean
  readonly hasMetadata: boolean
  /** Revision of a recently written event of this stream. */
  revisionOfRecent(idKey: string): number | undefined
  /** Id of the event at a revision of this stream. */
  idAt(revision: number): string | undefined
}

export type AppendDecision =
  | { readonly kind: 'write'; readonly recreates: boolean }
  | { readonly kind: 'already-written'; readonly lastRevision: number }
  | { readonly kind: 'wrong-expected-version'; readonly current: number }
  | { readonly kind: 'stream-deleted' }

/**
 * The commit check of EventStoreDB 24.6 (IndexWriter.CheckCommit). With an exact revision the ids from revision + 1 on are
 * compared; with ANY and STREAM_EXISTS only recent ids are known. A retry that matches in part is a wrong expected version.
 */
export const decideAppend = (stream: StreamForAppend, expected: ExpectedRevision, idKeys: readonly string[]): AppendDecision => {
  if (stream.tombstoned) return { kind: 'stream-deleted' }
  const current = stream.lastRevision
  const wrong: AppendDecision = { kind: 'wrong-expected-version', current }
  const write: AppendDecision = { kind: 'write', recreates: stream.softDeleted }
  if (expected === 'stream_exists') {
    if (stream.softDeleted) return { kind: 'stream-deleted' }
    if (current < 0 && !stream.hasMetadata) return wrong
  }
  if (expected === 'any' || expected === 'stream_exists') return checkRecent(stream, idKeys, write, wrong)
  const revision = expected === 'no_stream' ? -1 : expected
  if (revision > current) return wrong
  if (revision === current) return write
  for (const [i, idKey] of idKeys.entries()) {
    const at = revision + 1 + i
    if (at <= current && (stream.revisionOfRecent(idKey) === at || stream.idAt(at) === idKey)) continue
    return i === 0 && revision === -1 && stream.softDeleted ? write : wrong
  }
  return idKeys.length === 0 ? wrong : { kind: 'already-written', lastRevision: revision + idKeys.length }
}

const checkRecent = (stream: StreamForAppend, idKeys: readonly string[], write: AppendDecision, wrong: AppendDecision): AppendDecision => {
  let last: number | undefined
  for (const [i, idKey] of idKeys.entries()) {
    const revision = stream.revisionOfRecent(idKey)
    if (revision === undefined) return i === 0 ? write : wrong
    last = revision
  }
  return last === undefined ? write : { kind: 'already-written', lastRevision: last }
}
