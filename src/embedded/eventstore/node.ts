import { randomUUID } from 'node:crypto'
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js'
import { openStore, type Store } from './streams/store.ts'
import { receiveAppend } from './wire/append.ts'
import { receiveBatchAppend } from './wire/batch-append.ts'
import { receiveDelete, receiveTombstone } from './wire/delete.ts'
import { gossipRoute } from './wire/gossip.ts'
import { type GrpcServer, type Route, serveGrpc } from './wire/grpc-server.ts'
import { receiveRead } from './wire/read.ts'
import { serverFeaturesRoute } from './wire/server-features.ts'

export interface NodeOptions {
  readonly db: string
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** What gossip tells clients to connect to. */
  readonly advertiseHost: string
  /** False: appends are acknowledged before they are on disk. For tests only. */
  readonly sync: boolean
  /** The disk failed: the node answers errors and has to be ended. */
  readonly onFailure: (error: Error) => void
}

export interface EventStoreNode {
  readonly port: number
  readonly recovered: Store['recovered']
  /** Lets accepted appends finish, ends open calls, closes the log. */
  stop(): Promise<void>
}

/** Opens the log and serves it. Throws when the folder is in use, the log is damaged or the port is taken. */
export const startNode = async (options: NodeOptions): Promise<EventStoreNode> => {
  const store = openStore(options.db, { sync: options.sync, onFailure: options.onFailure })
  let server: GrpcServer | undefined
  try {
    const instanceId = randomUUID()
    await writeEpoch(store, instanceId)
    const routes = [...streamRoutes(store), gossipRoute({ instanceId, host: options.advertiseHost, port: () => server?.port ?? 0 })]
    routes.push(serverFeaturesRoute(routes))
    server = await serveGrpc(routes, { host: options.host, port: options.port })
  } catch (error) {
    await store.close()
    throw error
  }
  const serving = server
  return {
    port: serving.port,
    recovered: store.recovered,
    async stop() {
      await store.writer.drained().catch(() => undefined)
      await serving.stop()
      await store.close()
    },
  }
}

const streamRoutes = (store: Store): Route[] => {
  const { append, batchAppend, delete: remove, read, tombstone } = streamsService.StreamsService
  return [
    { path: append.path, longLived: false, open: (call) => receiveAppend(store, call) },
    { path: batchAppend.path, longLived: true, open: (call) => receiveBatchAppend(store, call) },
    { path: remove.path, longLived: false, open: (call) => receiveDelete(store, call) },
    { path: tombstone.path, longLived: false, open: (call) => receiveTombstone(store, call) },
    { path: read.path, longLived: true, open: (call) => receiveRead(store, call) },
  ]
}

/** A real server, too, starts each term by writing an epoch: `$all` of a fresh node is not empty and holds system events. */
const writeEpoch = async (store: Store, leaderInstanceId: string): Promise<void> => {
  const id = randomUUID()
  const epochNumber = store.index.find(EPOCHS)?.positions.length ?? 0
  const epoch = { epochPosition: store.durableEnd(), epochNumber, epochId: id, leaderInstanceId }
  await store.writer.append(EPOCHS, 'any', [
    {
      id: Buffer.from(id.replaceAll('-', ''), 'hex'),
      type: Buffer.from(EPOCHS),
      json: true,
      data: Buffer.from(JSON.stringify(epoch)),
      metadata: Buffer.alloc(0),
    },
  ])
}

const EPOCHS = '$epoch-information'
