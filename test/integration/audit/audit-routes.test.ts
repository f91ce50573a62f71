import assert from 'node:assert/strict'
import type { EventDocument } from '../../../src/audit/event-document.ts'
import { keyIdOf } from '../../../src/events/key-ring.ts'
import { accountStream } from '../../../src/events/streams.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { storyOf } from '../../unit/audit/account-story.ts'
import { openAudit } from './audit-server.ts'

describe('audit over HTTP, on the log alone', () => {
  const a = `audit-${systemIds.bytes(4).toString('hex')}`
  const story = storyOf(a)
  const stream = accountStream(a)
  const events = (query = '') => `/v1/audit/streams/${stream}/events${query}`
  let audit: Awaited<ReturnType<typeof openAudit>>
  /** Positions after: opened, credited, two orders accepted, the first signed, the first filled and the second canceled. */
  const at: Record<'opened' | 'credited' | 'accepted' | 'signed' | 'filled', bigint> = {
    opened: 0n,
    credited: 0n,
    accepted: 0n,
    signed: 0n,
    filled: 0n,
  }

  before(async () => {
    audit = await openAudit(a)
    at.opened = await audit.append(a, story.opened())
    at.credited = await audit.append(a, story.depositRequested('d-1', '1000000000'), story.credited('d-1', '1000000000'))
    at.accepted = await audit.append(a, story.accepted(1), story.accepted(2))
    at.signed = await audit.append(a, story.signed('1'))
  })
  after(() => audit.close())

  it('withholds signed bytes while their attempt is open, in the stream and in the timeline', async () => {
    for (const path of [events('?from=5&limit=1'), `/v1/audit/orders/${a}.1/timeline`]) {
      const { body } = await audit.get(path)
      const signed = (body.data as EventDocument[]).find((event) => event.type === 'TransactionSigned')!
      assert.deepEqual([(signed.data as { rawBytes: unknown }).rawBytes, signed.withheld], [null, ['rawBytes']], path)
    }
  })

  describe('once the order is filled', () => {
    before(async () => {
      const trade = story.traded(1, '2000000000', '290000000', 'Filled', { released: '10000000' })
      at.filled = await audit.append(a, story.landed('1'), trade, story.canceled(2, 'USER_REQUESTED', '300000000'))
    })

    it('shows the bytes, also on a page that ends before the outcome', async () => {
      const { body } = await audit.get(events('?from=5&limit=1'))
      const [signed] = body.data as EventDocument[]
      assert.deepEqual([(signed!.data as { rawBytes: unknown }).rawBytes, signed!.withheld], ['c2VjcmV0', undefined])
    })
    it('pages raw events densely from revision 0 to the end', async () => {
      const seen: EventDocument[] = []
      let from: string | null | undefined = '0'
      while (typeof from === 'string') {
        const { status, body } = await audit.get(events(`?from=${from}&limit=4`))
        assert.equal(status, 200)
        seen.push(...(body.data as EventDocument[]))
        from = body.nextCursor
        assert.ok(BigInt(body.asOfPosition!) >= at.filled)
      }
      assert.deepEqual(
        seen.map(({ revision }) => revision),
        seen.map((_, i) => String(i)),
      )
      assert.equal(seen.length, 9)
      assert.equal(seen[0]!.type, 'AccountOpened')
      assert.equal(seen.at(-1)!.position, at.filled.toString())
      assert.ok(Math.abs(Date.parse(seen[0]!.created) - Date.now()) < 60_000)
    })
    it('answers an empty page behind the end, 404 for a stream that is not', async () => {
      assert.deepEqual((await audit.get(events('?from=1000'))).body.data, [])
      const missing = accountStream(`${a}-none`)
      for (const name of [missing, '%24all', 'nonsense', 'instrument-SOL%2FNONE'])
        assert.equal((await audit.get(`/v1/audit/streams/${name}/events`)).status, 404, name)
    })
    it('reads the streams of the deployment, but no key hash', async () => {
      const { status, body } = await audit.get('/v1/audit/streams/instrument-SOL%2FUSDC/events')
      assert.equal(status, 200)
      assert.equal((body.data as EventDocument[])[0]!.type, 'InstrumentDefined')
      const key = await audit.get(`/v1/audit/streams/key-${keyIdOf(audit.keys.auditor)}/events`)
      const [created] = key.body.data as EventDocument[]
      assert.equal((created!.data as { keyHash: unknown }).keyHash, null)
      assert.deepEqual((created!.data as { scopes: unknown }).scopes, ['audit'])
    })

    it('rebuilds the account as of each position', async () => {
      const asOf = async (position: bigint) => {
        const { body } = await audit.get(`/v1/audit/accounts/${a}/as-of?position=${position}`)
        const { balances, orders } = body.data as { balances: object[]; orders: { orderId: string; ordStatus: string }[] }
        assert.equal(body.asOfPosition, position.toString())
        return { balances, orders: orders.map(({ orderId, ordStatus }) => `${orderId} ${ordStatus}`) }
      }
      assert.deepEqual(await asOf(at.opened), { balances: [], orders: [] })
      assert.deepEqual(await asOf(at.credited), {
        balances: [{ asset: 'USDC', settled: '1000', reserved: '0', available: '1000' }],
        orders: [],
      })
      assert.deepEqual(await asOf(at.signed), {
        balances: [{ asset: 'USDC', settled: '1000', reserved: '600', available: '400' }],
        orders: [`${a}.2 New`, `${a}.1 New`],
      })
      assert.deepEqual(await asOf(at.filled), {
        balances: [
          { asset: 'SOL', settled: '2', reserved: '0', available: '2' },
          { asset: 'USDC', settled: '710', reserved: '0', available: '710' },
        ],
        orders: [`${a}.2 Canceled`, `${a}.1 Filled`],
      })
    })
    it('rebuilds it as of a time, and names the position that tells the same', async () => {
      const [, , , , accepted] = (await audit.get(events())).body.data as EventDocument[]
      const { body } = await audit.get(`/v1/audit/accounts/${a}/as-of?time=${accepted!.created}`)
      const again = await audit.get(`/v1/audit/accounts/${a}/as-of?position=${body.asOfPosition}`)
      assert.ok(BigInt(body.asOfPosition!) >= at.accepted)
      assert.deepEqual(again.body.data, body.data)
    })
    it('pages the orders of a long account, newest first', async () => {
      const path = `/v1/audit/accounts/${a}/as-of?position=${at.filled}&limit=1`
      const first = await audit.get(path)
      const second = await audit.get(`${path}&cursor=${first.body.nextCursor}`)
      const ids = [first, second].map(({ body }) => (body.data as { orders: { orderId: string }[] }).orders.map(({ orderId }) => orderId))
      assert.deepEqual(ids, [[`${a}.2`], [`${a}.1`]])
      assert.equal(second.body.nextCursor, null)
    })
    it('knows no account before it was opened, none that never was, and no position that has not come', async () => {
      assert.equal((await audit.get(`/v1/audit/accounts/${a}/as-of?position=0`)).status, 404)
      assert.equal((await audit.get(`/v1/audit/accounts/${a}/as-of?time=2001-01-01T00:00:00Z`)).status, 404)
      assert.equal((await audit.get(`/v1/audit/accounts/${a}-none/as-of?position=${at.filled}`)).status, 404)
      for (const when of [`position=${2n ** 62n}`, 'time=2999-01-01T00:00:00Z']) {
        const early = await audit.get(`/v1/audit/accounts/${a}/as-of?${when}`)
        assert.deepEqual([early.status, early.body.code, early.headers.get('retry-after')], [503, 'not_ready', '1'], when)
      }
    })

    it("tells an order's story in order, with the instrument it cites", async () => {
      const { status, body } = await audit.get(`/v1/audit/orders/${a}.1/timeline`)
      assert.equal(status, 200)
      const told = body.data as EventDocument[]
      assert.deepEqual(
        told.map(({ type }) => type),
        ['OrderAccepted', 'TransactionSigned', 'TransactionLanded', 'TradeBooked'],
      )
      assert.ok(
        told.every(
          (event, i) => i === 0 || BigInt(event.position) > BigInt(told[i - 1]!.position) || event.revision > told[i - 1]!.revision,
        ),
      )
      assert.deepEqual(
        body.references!.map(({ streamId }) => streamId),
        ['instrument-SOL/USDC'],
      )
    })
    it('knows no order that never was', async () => {
      assert.equal((await audit.get(`/v1/audit/orders/${a}.99/timeline`)).status, 404)
    })

    it('keeps a key of one account to its streams, decided before existence', async () => {
      const { limited } = audit.keys
      assert.equal((await audit.get(events(), limited)).status, 200)
      const others = [
        `/v1/audit/streams/${accountStream('stranger')}/events`,
        '/v1/audit/streams/log/events',
        '/v1/audit/streams/nonsense/events',
        '/v1/audit/accounts/stranger/as-of?position=1',
        '/v1/audit/orders/stranger.1/timeline',
      ]
      for (const path of others) assert.equal((await audit.get(path, limited)).status, 403, path)
      for (const path of [events(), ...others]) assert.equal((await audit.get(path, audit.keys.reader)).status, 403, `reader ${path}`)
    })
    it('refuses what it cannot read', async () => {
      const bad = [
        events('?from=-1'),
        events('?from=1.5'),
        events('?from=99999999999999999999'),
        events('?limit=0'),
        events('?limit=1001'),
        events('?limit=1&limit=2'),
        events('?page=2'),
        `/v1/audit/accounts/${a}/as-of`,
        `/v1/audit/accounts/${a}/as-of?position=1&time=2025-01-01T00:00:00Z`,
        `/v1/audit/accounts/${a}/as-of?time=yesterday`,
        `/v1/audit/accounts/${a}/as-of?time=2025-01-01T00:00:00`,
        `/v1/audit/accounts/a.b/as-of?position=1`,
        '/v1/audit/orders/none/timeline',
        `/v1/audit/orders/${a}.0/timeline`,
        '/v1/audit/orders/%00/timeline',
        '/v1/audit/streams/%zz/events',
      ]
      for (const path of bad) {
        const { status, body } = await audit.get(path)
        assert.deepEqual([status, body.code], [400, 'invalid_request'], path)
      }
    })
  })
})
