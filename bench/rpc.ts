import { parseArgs } from 'node:util'
import { keptResults, paired, type ResultLine, summarise, writeResults } from './harness.ts'
import { callsPerLanding } from './landing/calls-per-landing.ts'
import { overEndpoints } from './landing/faulty-endpoints.ts'
import { type HostileLoad, landThrough } from './landing/hostile-orders.ts'
import type { Policy } from './landing/order.ts'
import { productPolicy } from './landing/product-policy.ts'
import { ownPolicies, web3Policy } from './landing/rival-policies.ts'
import { swapsPerSecond } from './landing/swaps-per-second.ts'

// Landing and reading over bad endpoints: the product's pool and tracker beside web3.js and three beliefs that bots land by.
// Each part is written as it ends, beside what an earlier run measured with the same load: `--only` and `--policies` go on with a run that
// was broken off. Flags: [--orders 5000] [--in-flight 200] [--slot-ms 40] [--seed 1] [--rounds 5] [--only hostile,endpoints,calls,swaps] [--policies NAME,…]

const SECTIONS = ['hostile', 'endpoints', 'calls', 'swaps'] as const

/**
 * One endpoint of five lies, one lags, one is at its limit, one breaks; a quarter of the signatures has a fate of its own.
 * Rates of broken connections are lower than the front's default: a policy that waits for one dead socket tells nothing more.
 */
const PROFILE = {
  ports: [
    { jitterMs: 5, dropSend: 0.05 },
    { nullStatus: 0.5, heightSkew: 60, dropSend: 0.2 },
    { lagSlots: 12, jitterMs: 10 },
    { tooMany: 0.1, retryAfterS: 0, serverError: 0.03 },
    { reset: 0.01, slow: 0.01, slowMs: 300, dropSend: 0.1 },
  ],
  fates: { lost: 0.05, late: 0.1, ghost: 0.06, rollback: 0.04 },
}

type Opened = (at: { readonly urls: readonly string[]; readonly slotMs: number }) => Policy
const POLICIES: readonly (readonly [string, Opened])[] = [
  ['quant-bot', (at) => productPolicy({ ...at, untilFinal: true })],
  ['web3.js', web3Policy],
  ['fire once', (at) => ownPolicies(at)[0]!],
  ['35 s clock', (at) => ownPolicies(at)[1]!],
  ['rebroadcast', (at) => ownPolicies(at)[2]!],
]

const flags = () => {
  const { values } = parseArgs({
    options: {
      orders: { type: 'string', default: '5000' },
      'in-flight': { type: 'string', default: '200' },
      'slot-ms': { type: 'string', default: '40' },
      seed: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', default: SECTIONS.join(',') },
      policies: { type: 'string', default: POLICIES.map(([name]) => name).join(',') },
    },
  })
  const number = (name: 'orders' | 'in-flight' | 'slot-ms' | 'seed' | 'rounds'): number => {
    const value = Number(values[name])
    if (Number.isInteger(value) && value >= 1) return value
    process.stderr.write(`bench:rpc: --${name} ${values[name]} is not a positive whole number\n`)
    process.exit(2)
  }
  return {
    load: { orders: number('orders'), inFlight: number('in-flight'), slotMs: number('slot-ms'), seed: number('seed') },
    rounds: number('rounds'),
    only: new Set(values.only.split(',')),
    policies: new Set(values.policies.split(',')),
  }
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)
const show = (lines: readonly ResultLine[]): readonly ResultLine[] => {
  for (const { contender, metric, median, values, correct } of lines)
    say(`${contender} · ${metric}: ${median}${values.length > 1 ? ` (${values.join(', ')})` : ''}${correct ? '' : ' WRONG'}`)
  return lines
}

const main = async (): Promise<void> => {
  const { load, rounds, only, policies } = flags()
  const described = { ...load, profile: PROFILE, rounds }
  const lines: ResultLine[] = []
  const add = (fresh: readonly ResultLine[]): void => {
    lines.push(...show(fresh))
    const kept = keptResults('rpc', described, ({ contender, metric }) =>
      lines.some((line) => line.contender === contender && line.metric === metric),
    )
    say(`written to ${writeResults('rpc', described, [...kept, ...lines])}`)
  }
  const progress = (done: number, seconds: number) => say(`  ${done} of ${load.orders} after ${Math.round(seconds)} s`)
  const hostile: HostileLoad = { ...load, ports: PROFILE.ports.length, profile: JSON.stringify(PROFILE), progress }
  if (only.has('hostile'))
    for (const [name, open] of POLICIES) {
      if (!policies.has(name)) continue
      say(`${load.orders} hostile orders by ${name}`)
      const outcome = await landThrough(hostile, open)
      add(summarise(outcome.policy, [outcome]))
    }
  // A B B A gives two values a round.
  const twice = Math.ceil(rounds / 2)
  if (only.has('endpoints')) add(await overEndpoints(rounds, say))
  if (only.has('calls')) add(await paired(['quant-bot', 'one poller each'], 1, (one) => callsPerLanding(one as 'quant-bot')))
  if (only.has('swaps')) add(await paired(['quant-bot', 'bare loop'], twice, (one) => swapsPerSecond(one as 'quant-bot')))
}

await main()
process.exit()
