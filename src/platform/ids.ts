import { randomBytes, randomInt } from 'node:crypto'
import { v5 as uuidV5, v7 as uuidV7 } from 'uuid'

/** Identifiers and randomness as a port, so that a seeded simulator can replay them. */
export interface Ids {
  /** A time-ordered UUID (v7) in canonical lower case. */
  uuid(): string
  /** `length` bytes from a cryptographic source. */
  bytes(length: number): Buffer
  /** An integer in [0, exclusiveMax). */
  below(exclusiveMax: number): number
}

export const systemIds: Ids = {
  uuid: () => uuidV7(),
  bytes: (length) => randomBytes(length),
  below: (exclusiveMax) => randomInt(exclusiveMax),
}

/** Name space of ids derived from a command: the same command and index give the same event id on every retry. */
const EVENT_ID_SPACE = '6f0f7b52-6b5c-4d1c-9a2e-3b7c5d9e1f40'

/** Deterministic UUID v5 of a name in our name space. */
export const derivedUuid = (name: string): string => uuidV5(name, EVENT_ID_SPACE)
