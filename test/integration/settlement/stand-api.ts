import { databaseUrls } from '../../support/services.ts'
import { type Answered, httpStand } from '../commands/http-stand.ts'
import { type Answer, openReadApi } from '../queries/read-api.ts'
import type { Stand } from './stand.ts'

/** Commands and queries over HTTP on a stand's log, each role behind its own server, with a projector in between. */
export interface StandApi {
  /** As `operator`, or as another key of the commands role (http-stand.ts). */
  post(path: string, body?: unknown, key?: string): Promise<Answered>
  /** What the read side answers once it has seen the whole log; as `reader`, `bound` (on the accounts given), `trade-only`. */
  get(path: string, key?: string): Promise<Answer>
  close(): Promise<void>
}

/** Two shards: lists over all accounts have something to merge. */
const SHARDS = 2

export const openStandApi = async (stand: Stand, bound: readonly string[]): Promise<StandApi> => {
  const commands = await httpStand(stand.store)
  const reads = await openReadApi({ bound, urls: await databaseUrls(SHARDS), storeUrl: stand.places.eventStore })
  await reads.side.startProjector({ feed: reads.feed })
  return {
    post: (path, body, key = 'operator') => commands.call('POST', path, body, key),
    get: async (path, key) => {
      const { commit } = await stand.store.head()
      return reads.get(`${path}${path.includes('?') ? '&' : '?'}minPosition=${commit}`, key)
    },
    close: async () => {
      await reads.close()
      await commands.close()
    },
  }
}
