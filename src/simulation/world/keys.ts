import { deriveKeystore } from '../../settlement/keystore/keystore.ts'

/** The wallets of every simulation: one seed for all, so that a run does not spend its time on deriving keys. */
export const KEYSTORE = deriveKeystore(Buffer.alloc(32, 7))
/** Who mints test funds. */
export const FAUCET = KEYSTORE.wallet('faucet').signer
