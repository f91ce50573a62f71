import assert from 'node:assert/strict'
import { foldExecutions } from '../../../src/audit/execution-fold.ts'
import type { AccountEvent } from '../../../src/events/account/account-event.ts'
import type { RecordedEvent } from '../../../src/events/store/event-store.ts'
import { storyOf } from './account-story.ts'

const { busted, traded, canceled } = storyOf('a')

const executionsOf = (...events: AccountEvent[]) => {
  const executions = foldExecutions()
  for (const [i, event] of events.entries()) executions.apply(event, { position: { commit: BigInt(i + 1), prepare: 0n } } as RecordedEvent)
  return executions.all()
}

describe('executions folded from events', () => {
  it('a trade has its quantity and its price per whole unit', () => {
    assert.deepEqual(executionsOf(traded(1, '1500000000', '217500001', 'Filled')), [
      { execId: 'a.1.1.1', orderId: 'a.1', execType: 'Trade', lastQty: '1.5', lastPx: '145.000000666667', position: '1' },
    ])
  })
  it('a busted trade says so, and the one that busts it names it', () => {
    const [trade, cancel] = executionsOf(traded(1, '1000000000', '145000000', 'Filled'), busted(1, '1000000000', '145000000', '0'))
    assert.equal(trade?.busted, true)
    assert.deepEqual(cancel, { execId: 'a.1.1.1.cancel', orderId: 'a.1', execType: 'TradeCancel', execRefId: 'a.1.1.1', position: '2' })
  })
  it('other events are none', () => assert.deepEqual(executionsOf(canceled(1)), []))
})
