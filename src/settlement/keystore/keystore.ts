import { link, open, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LRUCache } from 'lru-cache'
import { HDKey } from 'micro-key-producer/slip10.js'
import type { Ids } from '../../platform/ids.ts'
import { readJson } from '../../platform/private-json.ts'
import { SealedSeed, sealSeed, unsealSeed } from './sealed-seed.ts'
import { createSigner, type Signer } from './signer.ts'
import { walletPath } from './wallet-path.ts'

/** The wallets of all accounts, derived from one master seed. Only settlement opens it. */
export interface Keystore {
  /** The wallet of an account, or of `house`, which pays fees and rent. */
  wallet(id: string): { readonly path: string; readonly signer: Signer }
}

export interface KeystoreOptions {
  readonly dataDir: string
  readonly password: string
  readonly ids: Ids
}

/**
 * Opens `<data>/keystore.json`; makes it, durably, where there is none yet.
 * @throws when the password is wrong or the file is not a keystore: nothing may be signed with another seed
 */
export const openKeystore = async ({ dataDir, password, ids }: KeystoreOptions): Promise<Keystore> => {
  const file = join(dataDir, 'keystore.json')
  if ((await readJson(file)) === undefined) await createOnce(file, await sealSeed(ids.bytes(SEED_BYTES), password, ids), ids)
  // Read back even when just written: whoever came first made the one that counts.
  const sealed = SealedSeed.safeParse(await readJson(file))
  if (!sealed.success) throw new Error(`${file} is not a keystore of this version: ${sealed.error.issues[0]?.message}`)
  const seed = await unsealSeed(sealed.data, password)
  if (!seed) throw new Error(`${file}: wrong password (QUANTBOT_KEYSTORE_PASSWORD), or the file was altered`)
  return deriveKeystore(seed)
}

const SEED_BYTES = 32
/** A derivation costs about a millisecond; the wallets in use stay. */
const KEPT_WALLETS = 10_000

/** The wallets of a seed. */
export const deriveKeystore = (seed: Uint8Array): Keystore => {
  const master = HDKey.fromMasterSeed(seed)
  const wallets = new LRUCache<string, { path: string; signer: Signer }>({ max: KEPT_WALLETS })
  return {
    wallet: (id) => {
      const known = wallets.get(id)
      if (known) return known
      const path = walletPath(id)
      const key = master.derive(path)
      const wallet = { path, signer: createSigner(key.privateKey, key.publicKeyRaw) }
      wallets.set(id, wallet)
      return wallet
    },
  }
}

/** Durable and whole, and never over an existing file: of two processes that start at once, one makes it. */
const createOnce = async (file: string, sealed: SealedSeed, ids: Ids): Promise<void> => {
  const fresh = `${file}.${ids.uuid()}`
  const handle = await open(fresh, 'wx', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify(sealed, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    await link(fresh, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(fresh, { force: true })
  }
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
