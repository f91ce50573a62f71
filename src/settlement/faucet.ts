import { readFile } from 'node:fs/promises'
import { Keypair } from '@solana/web3.js'
import { z } from 'zod'
import { createSigner, type Signer } from './keystore/signer.ts'

const KeypairFile = z.array(z.number().int().min(0).max(255)).length(64)

/** Reads a key in the Solana tools' format, a JSON array of 64 bytes. @throws when the file is missing or not a key */
export const openFaucet = async (file: string): Promise<Signer> => {
  const parsed = KeypairFile.safeParse(JSON.parse(await readFile(file, 'utf8')))
  if (!parsed.success) throw new Error(`${file} is not a keypair (JSON array of 64 bytes)`)
  const { secretKey, publicKey } = Keypair.fromSecretKey(Uint8Array.from(parsed.data))
  return createSigner(secretKey.subarray(0, 32), publicKey.toBytes())
}
