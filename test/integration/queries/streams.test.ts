import assert from 'node:assert/strict'
import { request } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import { systemClock } from '../../../src/platform/clock.ts'
import { readGolden } from '../../golden/corpus.ts'
import { redisUrlOrSkip } from '../../support/services.ts'
import { type Append, accountHistory, append } from '../projections/history.ts'
import { freshAccounts } from '../projections/read-side.ts'
import { openReadApi, type ReadApi } from './read-api.ts'

interface Told {
  readonly id: string
  readonly event: string
  readonly data: {
    readonly accountId?: string
    readonly data?: { readonly orderId?: string; readonly [field: string]: unknown }
    readonly asOfPosition?: string
    readonly reason?: string
  }
}

/** An EventSource that keeps what it is told; `paused` does not read. */
const listen = (api: ReadApi, path: string, { key = 'reader', lastEventId }: { key?: string; lastEventId?: string } = {}) => {
  const told: Told[] = []
  let status = 0
  let ended = false
  let text = ''
  const headers = { authorization: `Bearer ${key}`, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) }
  const asked = request(api.url + path, { headers }, (response) => {
    status = response.statusCode ?? 0
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      text += chunk
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const of = (name: string): string | undefined => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        if (of('event') !== undefined) told.push({ id: of('id')!, event: of('event')!, data: JSON.parse(of('data')!) as Told['data'] })
      }
    })
    response.on('close', () => {
      ended = true
    })
  })
  asked.on('error', () => {
    ended = true
  })
  asked.end()
  return { told, status: () => status, ended: () => ended, close: () => asked.destroy() }
}

const until = async (what: string, done: () => boolean): Promise<void> => {
  for (const end = Date.now() + 60_000; !done(); await systemClock.sleep(10)) if (Date.now() > end) throw new Error(`never: ${what}`)
}

/** A story of the corpus, told of another account. */
const retold = (file: string, accountId: string): Append => {
  const { stream, events } = readGolden(7, file)
  const before = stream.split('.')[1]!
  const text = JSON.stringify(events.map(({ type, data }) => ({ type, data })))
  return JSON.parse(text.replaceAll(`"${before}"`, `"${accountId}"`).replaceAll(`"${before}.`, `"${accountId}.`)) as Append
}

const EVENTS: Readonly<Record<string, string>> = {
  ...{ orders: 'order', positions: 'position', executions: 'execution', withdrawals: 'withdrawal', transfers: 'transfer' },
  ...{ algos: 'algo', corrections: 'correction' },
}

describe('streams of changes', () => {
  for (const { name, local } of [
    { name: 'from the projector in the same process', local: true },
    { name: 'from a projector elsewhere, over Redis', local: false },
  ])
    describe(name, () => {
      let api: ReadApi
      const [one, other] = freshAccounts(2, 'stream') as [string, string]
      let revision = -1n
      const more = accountHistory(one, 5, 6)
      const go = async (appends: number): Promise<bigint> => {
        const part = more.slice(0, appends)
        // histories are told once: what was appended is gone from the rest
        const rest = more.slice(appends)
        const { commit } = await append(api.side.store, one, part, revision)
        revision += BigInt(part.reduce((sum, events) => sum + events.length, 0))
        ;(more as unknown as unknown[]).splice(0, more.length, ...rest)
        return commit
      }
      before(async function () {
        this.timeout(240_000)
        const redisUrl = local ? undefined : await redisUrlOrSkip(this)
        api = await openReadApi({ local, bound: [one], ...(redisUrl === undefined ? {} : { redisUrl }) })
        await api.side.startProjector(local ? { feed: api.feed } : { redisUrl: redisUrl! })
        const first = await go(6)
        await append(api.side.store, other, accountHistory(other, 6, 2))
        assert.equal((await api.get(`/v1/accounts/${one}/balances?minPosition=${first}`)).status, 200)
      })
      after(() => api.close())

      it('tell an account’s documents as they come to be, and go on where a client was', async function () {
        this.timeout(240_000)
        const stream = listen(api, `/v1/accounts/${one}/stream`)
        await until('open', () => stream.told.some(({ event }) => event === 'open'))
        const position = await go(5)
        const done = (): boolean => stream.told.some(({ event, data }) => event === 'balances' && BigInt(data.asOfPosition!) >= position)
        await until('the newest balances', done)
        const { body } = await api.get(`/v1/accounts/${one}/balances?minPosition=${position}`)
        const last = stream.told.filter(({ event }) => event === 'balances').at(-1)!
        assert.deepEqual(last.data.data, body.data)
        assert(stream.told.every(({ event, data }) => event !== 'balances' || data.accountId === one))
        // ids never go back
        const ids = stream.told.map(({ id }) => BigInt(id))
        assert.deepEqual(
          ids,
          [...ids].sort((a, b) => (a < b ? -1 : 1)),
        )
        const left = stream.told.at(-1)!.id
        stream.close()
        const missed = await go(more.length)
        const back = listen(api, `/v1/accounts/${one}/stream`, { lastEventId: left })
        await until('what was missed', () =>
          back.told.some(({ event, data }) => event === 'balances' && BigInt(data.asOfPosition!) >= missed),
        )
        const orders = await api.get(`/v1/accounts/${one}/orders?minPosition=${missed}`)
        const newest = (orders.body.data as { orderId: string; position: string }[])[0]!
        await until('the newest order', () =>
          back.told.some(({ event, data }) => event === 'order' && data.data?.orderId === newest.orderId),
        )
        const told = back.told.filter(({ data }) => data.data?.orderId === newest.orderId).at(-1)!
        assert.deepEqual(told.data.data, newest)
        back.close()
      })

      for (const { file, models } of [
        { file: 'algos.json', models: ['positions', 'executions', 'algos'] },
        { file: 'payouts.json', models: ['withdrawals', 'transfers'] },
        { file: 'corrected.json', models: ['corrections'] },
        { file: 'forks.json', models: ['orders', 'executions', 'positions'] },
      ])
        it(`tell ${models.join(', ')} of an account and of all, as they change and to who missed it`, async function () {
          this.timeout(240_000)
          const [accountId] = freshAccounts(1, 'told') as [string]
          const story = retold(file, accountId)
          const opened = await append(api.side.store, accountId, [story.slice(0, 1)])
          assert.equal((await api.get(`/v1/accounts/${accountId}/balances?minPosition=${opened.commit}`)).status, 200)
          const path = `/v1/accounts/${accountId}/stream?models=${models.join(',')}`
          const streams = [listen(api, path), ...models.map((model) => listen(api, `/v1/streams/${model}`))]
          await until('open', () => streams.every(({ told }) => told.some(({ event }) => event === 'open')))
          // event by event: what is changed by several must not hide that one of them is not told
          const { commit } = await append(
            api.side.store,
            accountId,
            story.slice(1).map((event) => [event]),
            0n,
          )
          streams.push(listen(api, path, { lastEventId: String(opened.commit) }))
          for (const model of models) {
            const { status, body } = await api.get(`/v1/accounts/${accountId}/${model}?minPosition=${commit}`)
            const documents = body.data as object[]
            assert(status === 200 && documents.length > 0, model)
            for (const [n, { told }] of streams.entries()) {
              if (n > 0 && n <= models.length && models[n - 1] !== model) continue
              for (const document of documents)
                await until(`${model} ${JSON.stringify(document)} on stream ${n}`, () =>
                  told.some(
                    ({ event, data }) => event === EVENTS[model] && data.accountId === accountId && isDeepStrictEqual(data.data, document),
                  ),
                )
            }
          }
          const names = new Set(['open', 'reset', ...models.map((model) => EVENTS[model]!)])
          for (const { told, close } of streams) {
            assert(told.every(({ event }) => names.has(event)))
            close()
          }
        })

      it('tell a model of all accounts that the key may see, and refuse what makes no sense', async function () {
        this.timeout(240_000)
        const all = listen(api, '/v1/streams/balances', { lastEventId: '0', key: 'bound' })
        await until('an answer', () => all.told.some(({ event }) => event !== 'open'))
        // from the beginning of the log there is more than could be told one by one, or all of it; never another's
        assert(all.told.every(({ event, data }) => event === 'open' || event === 'reset' || data.accountId === one))
        all.close()
        for (const [path, options, status] of [
          [`/v1/accounts/${one}/stream`, { lastEventId: 'x' }, 400],
          [`/v1/accounts/${other}/stream`, { key: 'bound' }, 403],
          ['/v1/accounts/no-such-account/stream', {}, 404],
          ['/v1/streams/nothing', {}, 400],
          [`/v1/accounts/${one}/stream?models=orders,nothing`, {}, 400],
          ['/v1/streams/orders', { key: 'trade-only' }, 403],
        ] as const) {
          const refused = listen(api, path, options)
          await until(path, () => refused.status() !== 0)
          assert.equal(refused.status(), status, path)
          refused.close()
        }
        for (const [path, field] of [
          ['/v1/streams/nothing', 'model'],
          [`/v1/accounts/${one}/stream?models=orders,nothing`, 'models'],
        ] as const)
          assert.deepEqual(
            ((await api.get(path)).body.errors as { field: string }[]).map((error) => error.field),
            [field],
          )
      })
    })
})
