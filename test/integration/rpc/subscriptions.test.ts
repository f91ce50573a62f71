import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { Keypair } from '@solana/web3.js'
import bs58 from 'bs58'
import { WebSocket, WebSocketServer } from 'ws'
import { systemClock } from '../../../src/platform/clock.ts'
import { createRegistry, type Registry } from '../../../src/platform/metrics.ts'
import type { Chain } from '../../../src/rpc/chain.ts'
import { createChain } from '../../../src/rpc/pool.ts'
import { solana } from '../../support/services.ts'

/** A socket server before the node's, that can be deaf for a while, fall silent, or drop everybody. */
const openRelay = async (upstream: string) => {
  const faults = { swallow: (_text: string) => false }
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  server.on('connection', (socket) => {
    const node = new WebSocket(upstream)
    const early: string[] = []
    node.on('open', () => {
      for (const text of early.splice(0)) node.send(text)
    })
    socket.on('message', (data) => (node.readyState === node.OPEN ? node.send(data.toString()) : early.push(data.toString())))
    node.on('message', (data) => {
      if (!faults.swallow(data.toString())) socket.send(data.toString())
    })
    socket.on('close', () => node.terminate())
    socket.on('error', () => undefined)
    node.on('error', () => undefined)
  })
  return {
    faults,
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    drop: () => {
      for (const socket of server.clients) socket.terminate()
    },
    close: () => {
      for (const socket of server.clients) socket.terminate()
      server.close()
    },
  }
}

describe('subscriptions', function () {
  this.timeout(30_000)
  let relay: Awaited<ReturnType<typeof openRelay>>
  let chain: Chain
  let registry: Registry
  beforeEach(async function () {
    this.timeout(60_000)
    const [url] = (await solana()).urls as [string]
    relay = await openRelay(url.replace('http', 'ws'))
    registry = createRegistry('test')
    chain = createChain({ urls: [`${url}#ws=${relay.url}`], registry, slotMs: 50 })
  })
  afterEach(async () => {
    await chain.close()
    relay.close()
  })

  const decided = async (decision: string): Promise<number> => {
    const metric = await registry.getSingleMetric('quantbot_rpc_decisions_total')!.get()
    return metric.values.find(({ labels }) => labels.decision === decision)?.value ?? 0
  }
  const times = (decision: string, count: number) => until(async () => (await decided(decision)) >= count)
  const airdrop = async (): Promise<string> => {
    const answer = await chain.airdrop(Keypair.generate().publicKey.toBase58(), 1_000_000n)
    assert.ok(answer.ok)
    return answer.value
  }
  const unknownSignature = () => bs58.encode(Keypair.generate().secretKey)

  it('hint at a landing, and tell nothing that polling would not', async () => {
    const idle = chain.watch(unknownSignature(), () => undefined)
    await times('socket_opened', 1)
    let hints = 0
    const signature = await airdrop()
    const unwatch = chain.watch(signature, () => hints++)
    await until(async () => hints > 0)
    await times('socket_told', 1)
    const answer = await chain.statuses([signature])
    assert.ok(answer.ok && answer.value.states[0]?.error === null)
    unwatch()
    idle()
  })

  it('tell everybody to look when the socket is lost, and subscribe anew', async () => {
    let hints = 0
    const idle = chain.watch(unknownSignature(), () => hints++)
    await times('socket_opened', 1)
    await until(async () => hints === 1)
    relay.drop()
    await times('socket_lost', 1)
    await times('socket_opened', 2)
    assert.ok(hints >= 3, `${hints}: lost and opened again both are reasons to look`)
    let told = false
    chain.watch(await airdrop(), () => {
      told = true
    })
    await until(async () => told)
    idle()
  })

  it('notice slots that were not told, and tell everybody to look', async () => {
    let hints = 0
    const idle = chain.watch(unknownSignature(), () => hints++)
    await times('socket_opened', 1)
    // one notice passes first: a gap lies between two that were told
    let notices = 0
    relay.faults.swallow = (text) => {
      if (text.includes('slotNotification')) notices++
      return notices > 1 && notices <= 11 && text.includes('slotNotification')
    }
    await times('socket_gap', 1)
    assert.ok(hints >= 2)
    idle()
  })

  it('give up a socket that is open and silent', async () => {
    const idle = chain.watch(unknownSignature(), () => undefined)
    await times('socket_opened', 1)
    relay.faults.swallow = () => true
    await times('socket_lost', 1)
    relay.faults.swallow = () => false
    await times('socket_opened', 2)
    idle()
  })
})

const until = async (attempt: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 400; i++) {
    if (await attempt()) return
    await systemClock.sleep(25)
  }
  throw new Error('it did not happen in 10 s')
}
