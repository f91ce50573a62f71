import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** What of emmett-postgresql the benchmark calls, as its documentation writes it. */
export interface Emmett {
  getPostgreSQLEventStore(url: string): { readonly schema: { migrate(): Promise<unknown> }; close(): Promise<void> }
  postgreSQLProjection(definition: EmmettProjection): unknown
  postgreSQLEventStoreConsumer(options: {
    readonly connectionString: string
    readonly stopWhen: { readonly noMessagesLeft: true }
    readonly pulling?: { readonly batchSize: number; readonly pullingFrequencyInMs: number }
  }): {
    projector(options: {
      readonly processorId: string
      readonly projection: unknown
      readonly lock: { readonly timeoutSeconds: number }
    }): unknown
    start(): Promise<void>
    close(): Promise<void>
  }
}

export interface EmmettProjection {
  readonly name: string
  readonly canHandle: readonly string[]
  readonly handle: (events: readonly EmmettEvent[], context: EmmettContext) => Promise<void>
}

export interface EmmettEvent {
  readonly type: string
  readonly data: unknown
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly messageId: string
    readonly streamName: string
    readonly streamPosition: bigint
  }
}

export interface EmmettContext {
  readonly connection: {
    readonly client: { query(query: unknown, values?: unknown): Promise<{ rows: unknown[]; rowCount: number | null }> }
  }
}

interface PgTypes {
  readonly default: { readonly types: { setTypeParser(oid: number, parse: (text: string) => unknown): void } }
}

const INT8 = 20
const NUMERIC = 1700

/** The folder of the peer's own package.json, from the sources as from dist/. */
const emmettFolder = (): string => {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
  return join(root.endsWith('dist') ? dirname(root) : root, 'bench', 'emmett')
}

/** Loads the peer from its own folder; its driver answers whole numbers as bigint, as ours does. @throws when it is not installed */
export const loadEmmett = async (): Promise<Emmett> => {
  const require = createRequire(join(emmettFolder(), 'package.json'))
  const from = async (name: string): Promise<unknown> => import(pathToFileURL(require.resolve(name)).href)
  const pg = (await from('pg')) as PgTypes
  for (const oid of [INT8, NUMERIC]) pg.default.types.setTypeParser(oid, BigInt)
  return (await from('@event-driven-io/emmett-postgresql')) as Emmett
}
