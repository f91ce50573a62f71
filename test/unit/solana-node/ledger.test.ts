import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadFaucet } from '../../../src/embedded/solana/faucet.ts'
import { BONK, foundChain, foundedPools, USDC } from '../../../src/embedded/solana/genesis.ts'
import { type Ledger, openLedger } from '../../../src/embedded/solana/ledger.ts'
import { findPool, repriced, reservesOf, symbolOf } from '../../../src/embedded/solana/pool-price.ts'
import { createSvm } from '../../../src/embedded/solana/svm.ts'
import { tokenAccount } from '../../../src/embedded/solana/tokens.ts'
import { createLog } from '../../../src/platform/log.ts'

describe('ledger and genesis', () => {
  let dir: string
  const open = () =>
    openLedger({
      dir,
      slotMs: 400,
      log: createLog('test', 'silent'),
      founding: () => foundChain(loadFaucet(dir), createSvm().rentExempt),
      onBroken: (error) => assert.fail(String(error)),
    })
  const supply = (ledger: Ledger, mint: string) => Buffer.from(ledger.accounts.get(mint)?.data ?? []).readBigUInt64LE(36)
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'qb-ledger-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  it('opens SOL/USDC at 150 with 20,000 SOL, each token of the pools issued by its mint, and finds it again', async () => {
    const first = await open()
    const reserves = foundedPools().map((pool) => reservesOf(first.accounts, pool))
    assert.deepEqual(
      reserves.map(({ pool, base, quote }) => [symbolOf(pool), base, quote]),
      [
        ['SOL/USDC', 20_000_000_000_000n, 3_000_000_000_000n],
        ['BONK/USDC', 15_000_000_000_000_000n, 3_000_000_000_000n],
      ],
    )
    assert.equal(supply(first, USDC.address.toBase58()), 6_000_000_000_000n)
    assert.equal(supply(first, BONK.address.toBase58()), 15_000_000_000_000_000n)
    const { genesisHash } = first.genesis
    await first.close()
    const second = await open()
    assert.equal(second.genesis.genesisHash, genesisHash)
    assert.equal(second.history.count(), 2)
    assert.deepEqual(
      foundedPools().map((pool) => reservesOf(second.accounts, pool)),
      reserves,
    )
    await second.close()
  })

  it('begins anew when the genesis itself was torn: nothing of it had been answered', async () => {
    const first = await open()
    await first.close()
    truncateSync(join(dir, 'ledger.log'), 5_000)
    const second = await open()
    assert.equal(second.history.count(), 2)
    await second.close()
  })

  it('reprices a pool at unchanged depth, with supplies and lamports to match', async () => {
    const ledger = await open()
    for (const [symbol, price] of [
      ['SOL/USDC', '163.25'],
      ['SOL/USDC', '0.5'],
      ['BONK/USDC', '0.000031'],
    ] as const) {
      const pool = findPool(symbol)
      assert.ok(pool)
      const before = reservesOf(ledger.accounts, pool)
      const issued = supply(ledger, USDC.address.toBase58())
      ledger.overwrite(repriced(ledger.accounts, pool, price) ?? new Map(), 'test')
      const after = reservesOf(ledger.accounts, pool)
      const got = Number(after.quote) / Number(after.base) / 10 ** (pool.quote.decimals - pool.base.decimals)
      assert.ok(Math.abs(got / Number(price) - 1) < 1e-9, `${symbol} ${price}: ${got}`)
      const depth = Number(after.base * after.quote) / Number(before.base * before.quote)
      assert.ok(Math.abs(depth - 1) < 1e-9)
      assert.equal(supply(ledger, USDC.address.toBase58()) - issued, after.quote - before.quote)
    }
    const vault = ledger.accounts.get(findPool('SOL/USDC')?.baseVault.toBase58() ?? '')
    const held = tokenAccount(vault)?.amount ?? 0n
    assert.equal((vault?.lamports ?? 0n) - held, ledger.svm.rentExempt(165), 'wrapped SOL is lamports')
    for (const price of ['0', '-1', 'x', '1e3', '99999999999999999999'])
      assert.equal(repriced(ledger.accounts, foundedPools()[0]!, price), undefined, price)
    await ledger.close()
  })

  it('rebuilds the program byte for byte where the compiler is at hand', function () {
    const { status, stdout } = spawnSync(process.execPath, ['programs/amm/build.mjs', '--check'], { encoding: 'utf8' })
    if (stdout.startsWith('skipped')) this.skip()
    assert.equal(status, 0, stdout)
  })
})
