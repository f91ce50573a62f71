import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import { PublicKey } from '@solana/web3.js'

/** Signs for one key. A KMS can stand behind it: the private key itself is never handed out. */
export interface Signer {
  /** Base58. */
  readonly publicKey: string
  /** Ed25519 signature (64 bytes) of the message. */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** A signer over a key in memory: a 32-byte seed and its public key. */
export const createSigner = (seed: Uint8Array, publicKey: Uint8Array): Signer => {
  const key = ed25519Key(seed)
  return {
    publicKey: new PublicKey(publicKey).toBase58(),
    sign: async (message) => new Uint8Array(sign(null, message, key)),
  }
}

/** PKCS #8 header of a raw Ed25519 private key (RFC 8410). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

const ed25519Key = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' })
