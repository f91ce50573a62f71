import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createKey } from '../../src/events/key-ring.ts'
import type { EventStore } from '../../src/events/store/event-store.ts'
import { connectEventStore } from '../../src/events/store/eventstore-db.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { createLog } from '../../src/platform/log.ts'
import { clientOf, fundedAccount, type Keys, type Product, runFile, START_MS, sharedProduct, until } from '../e2e/support.ts'
import { BAD_QUERIES } from './bad-values.ts'
import { bodyTests, goodBody } from './body-tests.ts'
import { assertProblem, namedFields } from './problem.ts'
import { type Answer, type Send, send } from './request.ts'
import { type RouteRow, routeTable } from './route-table.ts'

describe('bad input on every route', () => {
  const tag = Date.now().toString(36)
  const own = `bad-${tag}`
  const table = routeTable(own, `${own}.1`)
  const strangersKey = `stranger-${tag}`
  let product: Product
  let store: EventStore
  let foreign: string
  let began: bigint

  const ask = (row: RouteRow, path: string, rest: Partial<Send> = {}): Promise<Answer> => {
    const key = product.keys[row.allowed === 'any' ? 'analyst' : row.allowed]
    const withBody = row.body ? { contentType: 'application/json', body: JSON.stringify(goodBody(row)) } : {}
    const now = path.replace('TODAY', new Date(Date.now() - 1_000).toISOString())
    return send(product.url, { method: row.method, path: now, authorization: `Bearer ${key}`, ...withBody, ...rest })
  }

  before(async function () {
    this.timeout(START_MS)
    product = await sharedProduct()
    const { url } = await runFile(product.dataDir, 'eventstore')
    store = await connectEventStore({ url: url!, log: createLog('test', 'error'), clock: systemClock })
    foreign = await foreignKey(store, product, strangersKey, own)
    await fundedAccount(product, own, { USDC: '1000' })
    const order = {
      accountId: own,
      clOrdId: 'c-1',
      symbol: 'SOL/USDC',
      side: 'buy',
      type: 'limit',
      timeInForce: 'gtc',
      quantity: '1',
      price: '1',
    }
    const placed = await clientOf(product).persist('POST', '/v1/orders', order)
    assert.equal(placed.status, 201, JSON.stringify(placed.body))
    const algo = {
      accountId: own,
      algoId: 'ice',
      kind: 'iceberg',
      symbol: 'SOL/USDC',
      side: 'buy',
      quantity: '1',
      displayQuantity: '1',
      price: '1',
    }
    assert.equal((await clientOf(product).persist('POST', '/v1/algos', algo)).status, 201)
    await askForPayouts(product, own)
    assert.equal((await clientOf(product).persist('POST', '/v1/strategies', { strategyId: 's-known', config: {} })).status < 300, true)
    await askForCorrection(product, own)
    began = (await store.head()).commit
  })
  after(() => store?.close())

  it('the table below knows every route of the code', () => {
    const known = new Set(table.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':')}`))
    const found = routesInCode()
    // lists of an account and what is done to an algo are made of one literal each
    assert.ok(found.length >= table.length - 12, `only ${found.length} routes found in the sources`)
    for (const one of found) assert.ok(known.has(one), `${one} is not in test/contract/route-table.ts`)
  })

  for (const row of table) {
    describe(`${row.method} ${row.path}`, () => {
      if (row.method === 'GET')
        it('answers a good request, so that the refusals below mean something', async () => {
          const { status, text } = await ask(row, row.good)
          assert.equal(status, 200, text)
        })

      it('401 without a key, with an unknown one, with a malformed header', async () => {
        for (const authorization of [
          undefined,
          'Bearer unknown-key',
          'Bearer ',
          'Bearer',
          'Basic dHJhZGVyOng=',
          `Bearer ${'x'.repeat(5_000)}`,
        ]) {
          const answer = await ask(row, row.good, { authorization })
          assert.equal(assertProblem(answer, [401], String(authorization).slice(0, 40)), 'unauthorized')
        }
      })
      it('403 for keys whose scopes do not reach', async () => {
        for (const name of row.forbidden) {
          const answer = await ask(row, row.good, { authorization: `Bearer ${product.keys[name as keyof Keys]}` })
          assert.equal(assertProblem(answer, [403], name), 'forbidden')
        }
      })
      if (row.ofAccount)
        it('403 for a key of another account, whether the thing exists or not', async () => {
          for (const path of [row.good, ...row.unknown.filter((path) => path.includes(own) || path.includes('no-such-account'))])
            assert.equal(assertProblem(await ask(row, path, { authorization: `Bearer ${foreign}` }), [403], path), 'forbidden')
        })
      if (row.unknown.length > 0)
        it('404 for what does not exist', async () => {
          for (const path of row.unknown) assert.equal(assertProblem(await ask(row, path), [404], path), 'not_found')
        })
      if (row.malformed.length > 0)
        it('400 or 404 for paths that name nothing', async () => {
          for (const path of row.malformed) assertProblem(await ask(row, path), [400, 404], path)
        })
      for (const [parameter, kind] of Object.entries(row.query))
        it(`400 for a bad ${parameter}`, async () => {
          const glue = row.good.includes('?') ? '&' : '?'
          for (const value of BAD_QUERIES[kind as keyof typeof BAD_QUERIES]) {
            const answer = await ask(row, `${row.good}${glue}${parameter}=${value}`)
            assert.equal(assertProblem(answer, [400], `${parameter}=${value.slice(0, 40)}`), 'invalid_request')
          }
          assertProblem(await ask(row, `${row.good}${glue}${parameter}=1&${parameter}=1`), [400], `${parameter} twice`)
        })
      if (row.method === 'GET')
        it('400 for a parameter it does not know', async () => {
          const glue = row.good.includes('?') ? '&' : '?'
          const answer = await ask(row, `${row.good}${glue}nonsense=1`)
          assertProblem(answer, [400], 'nonsense')
          assert.ok(namedFields(answer).includes('nonsense'), answer.text)
        })
      if (row.body) bodyTests(row, ask)
    })
  }

  // in a suite of its own: mocha runs a suite's own tests before those of the suites inside it
  describe('after all of that', () => {
    it('404 as a problem, and 401 first, where there is no route', async () => {
      for (const [method, path] of [
        ['GET', '/v1/nothing'],
        ['PUT', '/v1/orders'],
        ['GET', '/v1'],
        ['GET', '/'],
        ['PATCH', '/v1/orders'],
      ] as const) {
        assertProblem(await send(product.url, { method, path, authorization: `Bearer ${product.keys.trader}` }), [404], `${method} ${path}`)
        assertProblem(await send(product.url, { method, path }), [401], `${method} ${path}`)
      }
    })
    it('appended nothing: no event since was caused by a request', async () => {
      assert.deepEqual(await caused(store, began), [])
    })
    it('and that would have shown: one good request is seen', async () => {
      const reply = await clientOf(product).persist('DELETE', `/v1/orders/${own}.1`)
      assert.equal(reply.status, 200, JSON.stringify(reply.body))
      assert.deepEqual(await caused(store, began), [`OrderCanceled ${own}`])
    })
    it('is still ready', async () => {
      assert.equal((await send(product.url, { method: 'GET', path: '/health/ready' })).status, 200)
    })
  })
})

/** A withdrawal and a transfer that the routes of the table are asked about; their funds must be final first. */
const askForPayouts = async (product: Product, own: string): Promise<void> => {
  const { persist } = clientOf(product)
  const asked = { asset: 'USDC', amount: '1' }
  assert.equal((await persist('POST', '/v1/accounts', { accountId: `${own}-2` })).status, 201)
  await until('funds that are final', async () => {
    const destination = 'So11111111111111111111111111111111111111112'
    return (await persist('POST', `/v1/accounts/${own}/withdrawals`, { withdrawalId: 'w-1', ...asked, destination })).status === 201
  })
  const moved = await persist('POST', '/v1/transfers', { transferId: 't-1', from: own, to: `${own}-2`, ...asked })
  assert.equal(moved.status, 201, JSON.stringify(moved.body))
}

/** Waits for a second actor, which there is none of here. */
const askForCorrection = async (product: Product, own: string): Promise<void> => {
  const body = JSON.stringify({ accountId: own, correctionId: 'k-1', asset: 'USDC', amount: '-0.5', reason: 'a drill' })
  const asked = { method: 'POST', path: '/v1/corrections', contentType: 'application/json', body }
  const answer = await send(product.url, { ...asked, authorization: `Bearer ${product.keys.operator}` })
  assert.equal(answer.status, 201, answer.text)
}

/** What requests have caused since: settlement and tickers work on, under names that are no keys. */
const caused = async (store: EventStore, since: bigint): Promise<string[]> => {
  const found: string[] = []
  for await (const event of store.readAll({ commit: since, prepare: since })) {
    if (/^k[0-9a-f]{16}$/.test(String(event.metadata.actor))) found.push(`${event.type} ${event.streamId.replace(/^[^.]*\./, '')}`)
  }
  return found
}

/** A key that may do everything, on an account that is not the one tested. */
const foreignKey = async (store: EventStore, product: Product, key: string, own: string): Promise<string> => {
  await createKey(store, { key, scopes: ['trade', 'read', 'audit'], accounts: [`other-than-${own}`] }, Date.now())
  await until('the key of a stranger', async () => {
    const answer = await send(product.url, { method: 'GET', path: '/v1/status', authorization: `Bearer ${key}` })
    return answer.status === 200
  })
  return key
}

/** Method and path of every route literal in the sources. */
const routesInCode = (): string[] =>
  readdirSync('src', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap((entry) => {
      const text = readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8')
      const reads = [...text.matchAll(/accountRead\(deps, \{\s*path: '(\/v1\/[^']*)'/g)].map(([, path]) => ['GET', path] as const)
      const others = [...text.matchAll(/method: '(GET|POST|PUT|PATCH|DELETE)',\s*path: '(\/v1\/[^']*)'/g)]
      return [...reads, ...others.map(([, method, path]) => [method, path] as const)].map(
        ([method, path]) => `${method} ${path!.replaceAll(/:\w+/g, ':')}`,
      )
    })
