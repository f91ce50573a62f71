import { filter, map, merge, type Observable, share } from 'rxjs'
import type { ShardMessage } from '../../projections/cache/channel.ts'
import type { ShardStep } from '../../projections/feed.ts'

/** What a committed step of a shard changed, by the keys of the documents. */
export interface Change {
  readonly map: number
  readonly shard: number
  readonly fence: bigint
  readonly from: bigint
  readonly to: bigint
  readonly keys: readonly string[]
  /** More may have changed than the keys tell. */
  readonly reset: boolean
}

/** The steps of a projector in this process and those told over Redis, each once: the two tell of the same ones. */
export const changesOf = (steps: Observable<ShardStep> | undefined, messages: Observable<ShardMessage> | undefined): Observable<Change> => {
  const own = steps?.pipe(map(({ documents, told, ...step }): Change => ({ ...step, keys: [...documents.map(({ key }) => key), ...told] })))
  const last = new Map<string, { fence: bigint; to: bigint }>()
  const isNews = ({ map: version, shard, fence, from, to, reset }: Change): boolean => {
    const name = `${version}.${shard}`
    const before = last.get(name)
    const known =
      before && (fence < before.fence || (fence === before.fence && (to < before.to || (to === before.to && from !== to && !reset))))
    if (!known) last.set(name, { fence, to })
    return !known
  }
  return merge(...(own ? [own] : []), ...(messages ? [messages] : [])).pipe(filter(isNews), share())
}
