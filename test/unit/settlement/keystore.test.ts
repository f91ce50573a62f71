import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PublicKey } from '@solana/web3.js'
import { systemIds } from '../../../src/platform/ids.ts'
import { openKeystore } from '../../../src/settlement/keystore/keystore.ts'
import { createSigner } from '../../../src/settlement/keystore/signer.ts'
import { walletPath } from '../../../src/settlement/keystore/wallet-path.ts'

describe('keystore', () => {
  let dataDir: string
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'qb-keystore-'))
  })
  afterEach(() => rm(dataDir, { recursive: true, force: true }))
  const open = (password: string) => openKeystore({ dataDir, password, ids: systemIds })

  it('makes one private file and opens it again to the same wallets', async () => {
    const first = await open('secret')
    const again = await open('secret')
    assert.equal((await stat(join(dataDir, 'keystore.json'))).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(dataDir), ['keystore.json'])
    assert.equal(again.wallet('acct-1').signer.publicKey, first.wallet('acct-1').signer.publicKey)
    assert.notEqual(first.wallet('acct-1').signer.publicKey, first.wallet('acct-2').signer.publicKey)
    assert.notEqual(first.wallet('house').signer.publicKey, first.wallet('acct-1').signer.publicKey)
  })

  it('keeps the seed out of the file', async () => {
    const ids = { ...systemIds, bytes: (length: number) => Buffer.alloc(length, 0x5a) }
    await openKeystore({ dataDir, password: 'secret', ids })
    assert.ok(!(await readFile(join(dataDir, 'keystore.json'), 'utf8')).includes('5a'.repeat(32)))
  })

  it('refuses a wrong password and an altered file with a clear error', async () => {
    await open('secret')
    await assert.rejects(open('other'), /keystore\.json: wrong password/)
    const file = join(dataDir, 'keystore.json')
    const sealed = JSON.parse(await readFile(file, 'utf8'))
    sealed.cipher.tag = '00'.repeat(16)
    await writeFile(file, JSON.stringify(sealed))
    await assert.rejects(open('secret'), /wrong password/)
    await writeFile(file, '{}')
    await assert.rejects(open('secret'), /not a keystore/)
  })

  it('gives two processes that start at once the same seed', async () => {
    const [a, b] = await Promise.all([open('secret'), open('secret')])
    assert.equal(a.wallet('acct-1').signer.publicKey, b.wallet('acct-1').signer.publicKey)
    assert.deepEqual(await readdir(dataDir), ['keystore.json'])
  })

  it('signs so that the public key verifies', async () => {
    const { signer } = (await open('secret')).wallet('acct-1')
    const message = Buffer.from('a message')
    const key = createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), new PublicKey(signer.publicKey).toBuffer()]),
      format: 'der',
      type: 'spki',
    })
    assert.ok(verify(null, message, key, await signer.sign(message)))
  })

  it('derives by SLIP-0010 (test vector 1 of ed25519)', async () => {
    const { HDKey } = await import('micro-key-producer/slip10.js')
    const key = HDKey.fromMasterSeed(Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')).derive("m/0'/1'/2'/2'/1000000000'")
    assert.equal(Buffer.from(key.privateKey).toString('hex'), '8f94d394a8e8fd6b1bc2f3f49f5c47e385281d5c17e65324b0f62483e37e8793')
    assert.equal(
      Buffer.from(new PublicKey(createSigner(key.privateKey, key.publicKeyRaw).publicKey).toBytes()).toString('hex'),
      '3c24da049451555d51a7014a37337aa4e12d41e485abccfa46b47dfb2af54b7a',
    )
  })

  it('names a path of four hardened 31-bit indices from the first 124 bits of the hash', () => {
    const indices = walletPath('house').split('/').slice(1)
    assert.equal(indices.length, 4)
    const bits = indices.map((index) => Number.parseInt(index, 10).toString(2).padStart(31, '0')).join('')
    const hash = BigInt(`0b${bits}`).toString(16).padStart(31, '0')
    assert.equal(hash, EXPECTED_HOUSE_PREFIX)
    assert.ok(indices.every((index) => index.endsWith("'") && Number.parseInt(index, 10) < 2 ** 31))
  })
})

/** First 31 hex digits of `printf house | sha256sum`. */
const EXPECTED_HOUSE_PREFIX = 'd6e21286621a8586f7e54720ab5a39c'
