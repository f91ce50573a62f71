import assert from 'node:assert/strict'
import { postingsOf } from '../../../src/events/postings.ts'
import { openStand, type Stand, settled, until } from './stand.ts'

const SOL = 10n ** 9n
const USDC = 10n ** 6n

describe('a landed transaction that contradicts its order', function () {
  this.timeout(60_000)
  let stand: Stand
  before(async () => {
    stand = await openStand()
  })
  after(() => stand.close())

  it('is told as an unresolved outcome, guesses nothing, signs nothing more, and is booked once it makes sense', async () => {
    const funding = await stand.startWorker()
    const accountId = await stand.openAccount({ USDC: 1_000n * USDC })
    await funding.close()
    const worker = await stand.startWorker((deps) => ({
      ...deps,
      chain: {
        ...deps.chain,
        // As if the swap had gone the other way.
        transaction: async (signature) => {
          const answer = await deps.chain.transaction(signature)
          if (!answer.ok || !answer.value) return answer
          const deltas = answer.value.deltas.map((delta) => ({ ...delta, amount: String(-BigInt(delta.amount)) }))
          return { ok: true, value: { ...answer.value, deltas } }
        },
      },
    }))
    const number = await stand.place(accountId, { orderQty: SOL })
    const unknown = await until(async () => (await stand.events(accountId)).find(({ type }) => type === 'TransactionOutcomeUnknown'))
    assert.match(unknown.type === 'TransactionOutcomeUnknown' ? unknown.data.reason : '', /landed, but not to be booked: .*contradict/)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const events = await stand.events(accountId)
    assert.equal(events.filter(({ type }) => type === 'TransactionOutcomeUnknown').length, 1)
    assert.equal(events.filter((event) => event.type === 'TransactionSigned' && event.data.purpose === 'swap').length, 1)
    assert.deepEqual(postingsOf(unknown), [])
    await worker.close()

    const honest = await stand.startWorker()
    assert.equal((await stand.ended(accountId, number)).type, 'TradeBooked')
    assert.equal(settled(await stand.state(accountId), 'SOL'), SOL)
    await honest.close()
  })
})
