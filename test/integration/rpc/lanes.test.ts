import assert from 'node:assert/strict'
import { Keypair } from '@solana/web3.js'
import bs58 from 'bs58'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { createChain } from '../../../src/rpc/pool.ts'
import { solana } from '../../support/services.ts'
import { openFront } from './front.ts'

describe('the lanes of an endpoint', function () {
  this.timeout(30_000)

  it('tell what became of transactions while hundreds of reads wait for their answers', async () => {
    const [upstream] = (await solana()).urls
    const front = await openFront(upstream!)
    const chain = createChain({ urls: [`${front.url}#ws=ws://127.0.0.1:9`], registry: createRegistry('test'), slotMs: 50 })
    try {
      front.faults.holds = 'getTransaction'
      const signatures = Array.from({ length: 300 }, () => bs58.encode(Keypair.generate().secretKey))
      const reads = Promise.all(signatures.map((signature) => chain.transaction(signature))).then(() => 'reads given up')
      while (front.calls('getTransaction') === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      const told = chain.statuses(signatures.slice(0, 1)).then(({ ok }) => `statuses: ${ok}`)
      assert.equal(await Promise.race([told, reads]), 'statuses: true')
    } finally {
      // First the node: the calls that it holds then end at once.
      await front.close()
      await chain.close()
    }
  })
})
