import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { z } from 'zod'
import type { Ids } from '../../platform/ids.ts'

/** The keystore file: the master seed under scrypt and AES-256-GCM, all bytes in hex. */
export const SealedSeed = z.object({
  version: z.literal(1),
  kdf: z.object({ name: z.literal('scrypt'), N: z.number().int(), r: z.number().int(), p: z.number().int(), salt: z.string() }),
  cipher: z.object({ name: z.literal('aes-256-gcm'), iv: z.string(), tag: z.string(), data: z.string() }),
})
export type SealedSeed = z.infer<typeof SealedSeed>

/** OWASP's recommendation of 64 MiB and two passes: about half a second, once per start. */
const COST = { N: 2 ** 16, r: 8, p: 2 }

export const sealSeed = async (seed: Uint8Array, password: string, ids: Ids): Promise<SealedSeed> => {
  const salt = ids.bytes(16)
  const iv = ids.bytes(12)
  const cipher = createCipheriv('aes-256-gcm', await deriveKey(password, salt, COST), iv)
  const data = Buffer.concat([cipher.update(seed), cipher.final()])
  return {
    version: 1,
    kdf: { name: 'scrypt', ...COST, salt: salt.toString('hex') },
    cipher: { name: 'aes-256-gcm', iv: iv.toString('hex'), tag: cipher.getAuthTag().toString('hex'), data: data.toString('hex') },
  }
}

/** The seed, or undefined when the password is not the one it was sealed with (or the file was altered). */
export const unsealSeed = async ({ kdf, cipher }: SealedSeed, password: string): Promise<Buffer | undefined> => {
  const key = await deriveKey(password, Buffer.from(kdf.salt, 'hex'), kdf)
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(cipher.iv, 'hex'))
  try {
    decipher.setAuthTag(Buffer.from(cipher.tag, 'hex'))
    return Buffer.concat([decipher.update(Buffer.from(cipher.data, 'hex')), decipher.final()])
  } catch {
    return undefined
  }
}

const scryptKey = promisify<string, Buffer, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(scrypt)

const deriveKey = (password: string, salt: Buffer, { N, r, p }: { N: number; r: number; p: number }): Promise<Buffer> =>
  scryptKey(password, salt, 32, { N, r, p, maxmem: 256 * N * r })
