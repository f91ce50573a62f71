import { type PartProcess, spawnPart } from '../platform/part-process.ts'

const ENTRY = 'embedded/eventstore/main'
/** Recovery of a large log reads all of it. */
const READY_TIMEOUT_MS = 600_000

/** Starts the embedded event store node as a child of this command; it ends with us, also by kill -9. */
export const startEventStoreNode = (args: readonly string[]): PartProcess => spawnPart(ENTRY, args, {}, READY_TIMEOUT_MS)
