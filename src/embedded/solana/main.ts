import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { announceReady, stopWithParent } from '../../platform/child.ts'
import { createLog } from '../../platform/log.ts'
import { AMM_PROGRAM_ID } from './amm.ts'
import { createAirdrops, loadFaucet } from './faucet.ts'
import { foundChain, foundedPools } from './genesis.ts'
import { type Ledger, openLedger } from './ledger.ts'
import { symbolOf } from './pool-price.ts'
import { writePrivate } from './private-file.ts'
import { type Endpoint, serveEndpoint } from './rpc/endpoint.ts'
import { ownFolder } from './single-owner.ts'
import { createSvm } from './svm.ts'

// A local Solana chain: litesvm behind JSON-RPC, durable, on several ports. Flags: --db DIR [--slot-ms N] [--ports P1,P2] (0 = any).

const log = createLog('solana')

const flags = () => {
  const { values } = parseArgs({
    options: { db: { type: 'string' }, 'slot-ms': { type: 'string', default: '400' }, ports: { type: 'string', default: '0,0' } },
  })
  const slotMs = Number(values['slot-ms'])
  const ports = values.ports.split(',').map(Number)
  if (!values.db) throw new Error('--db DIR is needed')
  // Above 5 s the confirmed depth alone would take longer than callers wait; below 10 ms timers are not kept.
  if (!Number.isInteger(slotMs) || slotMs < 10 || slotMs > 5_000) throw new Error('--slot-ms must be a whole number from 10 to 5000')
  if (ports.length === 0 || ports.some((port) => !Number.isInteger(port) || port < 0 || port > 65_535))
    throw new Error('--ports must be port numbers')
  return { dir: values.db, slotMs, ports }
}

/** Says which pools there are; read by the venue and by tests. */
const writePools = (dir: string, ledger: Ledger) => {
  const mint = ({ symbol, address, decimals }: ReturnType<typeof foundedPools>[number]['base'], vault: string) => ({
    symbol,
    mint: address.toBase58(),
    decimals,
    vault,
  })
  const pools = foundedPools().map((pool) => ({
    symbol: symbolOf(pool),
    pool: pool.address.toBase58(),
    feeBps: pool.feeBps,
    base: mint(pool.base, pool.baseVault.toBase58()),
    quote: mint(pool.quote, pool.quoteVault.toBase58()),
  }))
  const { genesisHash, faucet, time } = ledger.genesis
  const createdAt = new Date(time * 1000).toISOString()
  writePrivate(
    join(dir, 'pools.json'),
    `${JSON.stringify({ genesisHash, createdAt, programId: AMM_PROGRAM_ID.toBase58(), faucet, pools }, null, 2)}\n`,
  )
}

const run = async () => {
  const { dir, slotMs, ports } = flags()
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  // A killed predecessor is gone at once; one that stops in order needs a moment for its last fsync.
  await ownFolder(dir, 3_000)
  const faucet = loadFaucet(dir)
  const ledger = await openLedger({
    dir,
    slotMs,
    log,
    founding: () => foundChain(faucet, createSvm().rentExempt),
    onBroken: (error) => {
      log.fatal({ err: error }, 'the ledger cannot be written: ending, memory is ahead of the disk')
      process.exit(1)
    },
  })
  if (ledger.genesis.faucet !== faucet.publicKey.toBase58()) throw new Error(`${dir}/faucet.json is not the faucet of this ledger`)
  writePools(dir, ledger)
  const airdrop = createAirdrops(faucet)
  const endpoints: Endpoint[] = []
  for (const port of ports) endpoints.push(await serveEndpoint(ledger, port, { airdrop }, log))
  stopWithParent(async () => {
    for (const endpoint of endpoints) await endpoint.close()
    await ledger.close()
  })
  const served = endpoints.map((endpoint) => endpoint.port)
  const ready = { part: 'solana', port: served[0] as number, ports: served, url: `http://127.0.0.1:${served[0]}` }
  announceReady(ready)
}

run().catch((error: unknown) => {
  log.fatal({ err: error }, 'cannot start')
  process.exit(1)
})
