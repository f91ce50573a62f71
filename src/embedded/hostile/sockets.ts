import type { Server } from 'node:http'
import { type RawData, WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../../platform/log.ts'
import type { Chance } from './chance.ts'
import type { PortFaults } from './profile.ts'
import type { Tally } from './tally.ts'
import type { Upstream } from './upstream.ts'

interface SocketDeps {
  readonly http: Server
  readonly index: number
  readonly faults: () => PortFaults
  readonly upstream: Upstream
  readonly slotMs: number
  readonly chance: Chance
  readonly tally: Tally
  readonly log: Logger
}

/** Subscriptions through the front: each socket has one of its own to the chain; notifications come late by the port's lag, or never. */
export const serveSockets = ({ http, index, faults, upstream, slotMs, chance, tally, log }: SocketDeps): { close(): void } => {
  const server = new WebSocketServer({ server: http })
  let notices = 0

  const drops = (): boolean => {
    const rate = faults().dropNotice ?? 0
    const dropped = rate > 0 && chance([index, 'notice'], notices++) < rate
    if (dropped) tally.count(`fault:${index}:dropNotice`)
    return dropped
  }

  server.on('connection', (client) => {
    const chain = new WebSocket(upstream.url.replace(/^http/, 'ws'))
    const waiting: RawData[] = []
    const cut = () => {
      client.terminate()
      chain.terminate()
    }
    client.on('message', (data) => {
      if (chain.readyState === chain.OPEN) chain.send(data.toString())
      else waiting.push(data)
    })
    chain.on('open', () => {
      for (const data of waiting) chain.send(data.toString())
    })
    chain.on('message', (data) => {
      const text = data.toString()
      const isNotice = text.includes('"subscription":') && text.includes('Notification"')
      if (isNotice && drops()) return
      const pass = () => client.readyState === client.OPEN && client.send(text)
      const late = isNotice ? (faults().lagSlots ?? 0) * slotMs : 0
      if (late > 0) setTimeout(pass, late)
      else pass()
    })
    for (const socket of [client, chain]) {
      socket.on('close', cut)
      socket.on('error', (error) => {
        log.debug({ err: error, port: index }, 'a subscription broke')
        cut()
      })
    }
  })
  return {
    close: () => {
      for (const client of server.clients) client.terminate()
      server.close()
    },
  }
}
