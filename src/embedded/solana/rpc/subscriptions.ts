import type { WebSocket } from 'ws'
import type { Commitment } from '../slots.ts'
import { accountInfo } from './account-methods.ts'
import { commitmentOf } from './history-methods.ts'
import type { Methods } from './json-rpc.ts'
import { address, config, signature } from './params.ts'
import type { View } from './view.ts'

/** Subscriptions of one WebSocket. They end with `close`. */
export interface Subscriptions {
  readonly methods: Methods
  close(): void
}

/**
 * Signature, slot and account subscriptions. All look at the ledger again on every slot and every landing, rather than carry
 * state from one to the other: a notification can come late, never wrong.
 */
export const createSubscriptions = (view: View, socket: WebSocket): Subscriptions => {
  const { ledger } = view
  const active = new Map<number, { kind: string; look: (event: Event) => void }>()

  const notify = (method: string, subscription: number, result: unknown) => {
    void ledger.durable().then(() => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ jsonrpc: '2.0', method, params: { result, subscription } }))
    })
  }
  const subscribe = (kind: string, make: (id: number) => (event: Event) => void) => {
    const id = nextSubscription++
    const look = make(id)
    active.set(id, { kind, look })
    // After the answer with the id: a notification before it would name a subscription the client does not know yet.
    setTimeout(() => look('start'), 0)
    return id
  }
  const unsubscribe = (kind: string) => (params: readonly unknown[]) => {
    const [id] = params
    return typeof id === 'number' && active.get(id)?.kind === kind && active.delete(id)
  }
  const lookAll = (event: Event) => {
    for (const { look } of active.values()) look(event)
  }
  const stops = [ledger.slots.onTick(() => lookAll('slot')), ledger.onLanded(() => lookAll('landed'))]

  return {
    methods: {
      signatureSubscribe: ([given, options]) => {
        const wanted = signature(given)
        const at = view.commitment(config(options))
        return subscribe('signature', (id) => () => {
          const landed = ledger.history.get(wanted)
          if (!landed || !active.has(id) || !reached(commitmentOf(view, landed.slot), at)) return
          active.delete(id)
          notify('signatureNotification', id, view.answer(at, { err: landed.error }))
        })
      },
      slotSubscribe: () =>
        subscribe('slot', (id) => (event) => {
          const slot = view.slot('processed')
          if (event === 'slot') notify('slotNotification', id, { slot, parent: slot - 1, root: view.slot('finalized') })
        }),
      rootSubscribe: () =>
        subscribe('root', (id) => (event) => {
          if (event === 'slot') notify('rootNotification', id, view.slot('finalized'))
        }),
      accountSubscribe: ([given, options]) => {
        const key = address(given)
        const wanted = config(options)
        const at = view.commitment(wanted)
        let told = ledger.accounts.lastChange(key)?.count
        return subscribe('account', (id) => () => {
          const change = ledger.accounts.lastChange(key)
          if (!change || change.count === told || change.slot > view.slot(at)) return
          told = change.count
          notify('accountNotification', id, view.answer(at, accountInfo(ledger.accounts.get(key), wanted)))
        })
      },
      signatureUnsubscribe: unsubscribe('signature'),
      slotUnsubscribe: unsubscribe('slot'),
      rootUnsubscribe: unsubscribe('root'),
      accountUnsubscribe: unsubscribe('account'),
      // web3.js pings in JSON-RPC form, without an id.
      ping: () => 'pong',
    },
    close: () => {
      for (const stop of stops) stop()
      active.clear()
    },
  }
}

type Event = 'start' | 'slot' | 'landed'

let nextSubscription = 1

const ORDER: readonly Commitment[] = ['processed', 'confirmed', 'finalized']
const reached = (is: Commitment, wanted: Commitment) => ORDER.indexOf(is) >= ORDER.indexOf(wanted)
