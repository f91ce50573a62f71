import { z } from 'zod'
import { At, Units } from '../fields.ts'

/** Rows of the account were not what its events say, and a replay has put them right. It moves no money: the log was right all along. */
export const ReadModelRepaired = z.object({
  shard: z.number().int().nonnegative(),
  /** Commit position of the first event behind a wrong row, the cause: what came before was sound. */
  firstPosition: Units,
  /** Commit position that the rows were brought to. */
  repairedPosition: Units,
  /** `<table> <key>` of wrong rows, the first hundred. */
  rows: z.array(z.string()),
  /** How many they were in all. */
  wrongRows: z.number().int().positive(),
  at: At,
})
