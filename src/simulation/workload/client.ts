import type { Reply, Route } from '../../platform/http/route.ts'
import type { Cluster } from '../world/cluster.ts'
import type { Ground } from '../world/ground.ts'
import type { Node } from '../world/node.ts'

/** What a trader sends. The same request, sent again, has the same effect once. */
export interface Ask {
  readonly accountId: string
  readonly method: Route['method']
  readonly path: string
  readonly body?: unknown
  /** Whose key it comes with; a trader's where nothing is said. */
  readonly actor?: string
}

/** How a request ended for its client. */
export interface Told {
  readonly ask: Ask
  readonly correlationId: string
  readonly reply: Reply
}

/** Traders who send requests to some process, wait, and send again what was not answered for good. */
export interface Client {
  send(ask: Ask): void
  /** Requests that may still be sent or answered. */
  waiting(): number
  sent(): number
}

/** A real client gives up waiting after this; the edge answers within five seconds or not at all. */
const PATIENCE_MS = 8_000
const MOST_TRIES = 12

export const createClient = (ground: Ground, cluster: Cluster, onTold: (told: Told) => void, onThrow: (error: unknown) => void): Client => {
  const { timeline, random, buggify, trace } = ground
  let sent = 0
  let waiting = 0
  let requests = 0

  const choose = (accountId: string): Node | undefined => {
    const nodes = cluster.ready()
    // a balancer keeps an account on one process, most of the time
    const affinity = accountId.charCodeAt(accountId.length - 1)
    return buggify('command_elsewhere') ? random.pick([...nodes, nodes[0]]) : nodes[affinity % Math.max(1, nodes.length)]
  }
  const attempt = (ask: Ask, tries: number, lasting: boolean): void => {
    const again = (): void => {
      if (tries >= MOST_TRIES || !lasting) waiting--
      else timeline.at(timeline.now() + random.between(200, 2_000), () => attempt(ask, tries + 1, lasting))
    }
    const node = choose(ask.accountId)
    if (!node) {
      again()
      return
    }
    const correlationId = `r-${requests++}`
    let over = false
    timeline.at(timeline.now() + PATIENCE_MS, () => {
      if (over) return
      over = true
      again()
    })
    const there = buggify('command_reordered') ? random.between(300, 4_000) : random.between(1, 30)
    timeline.at(timeline.now() + there, () =>
      node.machine.deliver(timeline.now(), () => {
        serve(node, ask, correlationId).then(
          (reply) =>
            timeline.at(timeline.now() + random.between(1, 30), () => {
              trace.note('reply', correlationId, ask.accountId, ask.method, 'status' in reply ? reply.status : reply.refusal.code)
              onTold({ ask, correlationId, reply })
              if (over) return
              over = true
              if (definite(reply)) waiting--
              else again()
            }),
          onThrow,
        )
      }),
    )
  }
  return {
    sent: () => sent,
    waiting: () => waiting,
    send: (ask) => {
      sent++
      const lasting = !buggify('client_gone')
      const copies = buggify('command_doubled') ? 2 : 1
      waiting += copies
      for (let copy = 0; copy < copies; copy++) attempt(ask, 1, lasting)
    },
  }
}

/** Clients of the simulation do not hang up. */
const NEVER = new AbortController().signal

const definite = (reply: Reply): boolean =>
  'status' in reply ? reply.status !== 202 : reply.refusal.code !== 'not_ready' && reply.refusal.code !== 'rate_limited'

/** What the HTTP edge does between socket and route: finds the route, parses the parts. */
const serve = async ({ routes, machine }: Node, ask: Ask, correlationId: string): Promise<Reply> => {
  const [pathname = '', search = ''] = ask.path.split('?')
  for (const route of routes) {
    const params = route.method === ask.method ? matches(route.path, pathname) : undefined
    if (!params) continue
    const body = route.body ? route.body.safeParse(ask.body) : { success: true as const, data: undefined }
    const parsed = route.params ? route.params.safeParse(params) : { success: true as const, data: params }
    const asked = search === '' ? {} : Object.fromEntries(new URLSearchParams(search))
    const query = route.query ? route.query.safeParse(asked) : { success: true as const, data: asked }
    if (!body.success || !parsed.success || !query.success)
      throw new Error(`${ask.method} ${ask.path}: the workload sent what the edge refuses: ${body.error?.message ?? ''}`)
    return route.handle({
      grant: { keyId: ask.actor ?? 'trader', scopes: new Set(['trade', 'read', 'operate', 'risk:admin']), accounts: '*' },
      params: parsed.data,
      query: query.data as Record<string, string>,
      body: body.data,
      correlationId,
      traceparent: undefined,
      receivedAt: machine.clock.now(),
      signal: NEVER,
    })
  }
  throw new Error(`${ask.method} ${ask.path}: no such route`)
}

const matches = (pattern: string, path: string): Record<string, string> | undefined => {
  const [wanted, given] = [pattern.split('/'), path.split('/')]
  if (wanted.length !== given.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, part] of wanted.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(given[i]!)
    else if (part !== given[i]) return undefined
  }
  return params
}
