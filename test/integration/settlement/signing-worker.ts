// A signer alone in a process: funds its accounts, says "ready", and from "go" on signs for them as fast as the write side takes it,
// through the very steps that settlement takes between the last signature of the bytes and their append.
import { createAccountHandler } from '../../../src/commands/handler/create-handler.ts'
import { followRules } from '../../../src/events/rules.ts'
import { connectEventStore } from '../../../src/events/store/eventstore-db.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { createLog } from '../../../src/platform/log.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { issueProven } from '../../../src/settlement/actions/issue-proven.ts'
import { expired, INSTRUMENT, request, signed } from '../../unit/commands/account-story.ts'
import { openFunded, run } from '../commands/write-side.ts'

const { EVENTSTORE = '', SYMBOL = '', ACCOUNTS = '' } = process.env
const clock = systemClock
const log = createLog('signing-worker', 'silent')
const store = await connectEventStore({ url: EVENTSTORE, log, clock })
const rules = await followRules({ store, clock, ids: systemIds, log, signal: new AbortController().signal })
const handler = createAccountHandler({ store, clock, ids: systemIds, log, registry: createRegistry('signer'), logId: 'test-log', rules })

const instrument = { ...INSTRUMENT, symbol: SYMBOL }
/** An order ends after 20 attempts that expire. */
const ATTEMPTS = 19

const sign = async (accountId: string): Promise<void> => {
  for (let number = 1; ; number++) {
    const order = request({ clOrdId: `c-${number}`, symbol: SYMBOL, orderQty: 1_000_000n })
    const reference = { price: '100', sourceId: 'test', time: clock.now() }
    for (;;) {
      const placed = await run(
        handler,
        accountId,
        { type: 'PlaceOrder', request: order, instrument, reference, route: 'available' },
        `o-c-${number}`,
      )
      if (placed.kind === 'answered' && placed.answer.kind === 'order') break
      // a halt refuses new orders too: the number is used up, the next try is another order
      number++
      await clock.sleep(20)
      Object.assign(order, { clOrdId: `c-${number}` })
    }
    for (let attempt = 1; attempt <= ATTEMPTS; ) {
      const command = { ...signed(String(number), attempt), signature: `${accountId}-${number}-${attempt}` }
      if (command.type !== 'RecordSigned') throw new Error('not to be signed')
      const as = { accountId, ref: String(number), commandId: `sign-${command.signature}` }
      const issued = await issueProven({ deps: { handler, clock, rules, log } }, command, as)
      if (issued.kind === 'applied') {
        const end = expired(String(number), attempt)
        await run(handler, accountId, { ...end, signature: command.signature } as typeof end, `end-${command.signature}`)
        attempt++
      } else await clock.sleep(5)
    }
  }
}

const accounts = ACCOUNTS.split(',')
// funding signs too, without a proof: by a write side that follows no rules
const funding = createAccountHandler({ store, clock, ids: systemIds, log, registry: createRegistry('funding'), logId: 'test-log' })
await Promise.all(accounts.map((accountId) => openFunded(funding, accountId)))
// Whoever started it may be killed itself: what it does has no end of its own.
process.once('disconnect', () => process.exit(0))
process.send?.('ready')
process.once('message', () => {
  for (const accountId of accounts) void sign(accountId)
})
