// These imports are the point of this module: what they reach is the code whose hash a snapshot carries.
import '../account/evolve.ts'
import './snapshot-codec.ts'
import { foldHash } from './fold-hash.ts'

/** Hash of the code that folds accounts and packs the fold; undefined when it can't be told. */
export const FOLD_HASH: string | undefined = foldHash(import.meta.url)
