import { z } from 'zod'

/** Optional behaviours of the scenarios that this product has. */
export const CLAIMS = [
  'several-pending-requests',
  'no-separate-new',
  'unsolicited-pending-new',
  'pending-acknowledged-early',
  'bundled-reports',
  'cash-order-qty',
] as const

const Text = z.string().optional()

/** What an event brings. Names are FIX's; only those that the runner reads. */
const Message = z.object({
  type: z.string(),
  clOrdID: Text,
  origClOrdID: Text,
  side: Text,
  ordType: Text,
  timeInForce: Text,
  expireTime: Text,
  orderQty: Text,
  cashOrderQty: Text,
  price: Text,
  execType: Text,
  execID: Text,
  execRefID: Text,
  lastQty: Text,
  lastPx: Text,
  /** Only in a bundled report: the whole of it is told at once. */
  ordStatus: Text,
})
export type Message = z.infer<typeof Message>

/** A step as the runner may know it: `expect` and `final` are not even parsed. */
const Step = z.object({ order: z.string(), direction: z.enum(['in', 'venue']), message: Message, crosses: Text })
export type Step = z.infer<typeof Step>

const Scenario = z.object({
  id: z.string(),
  requires: z.union([z.string(), z.array(z.string())]).default([]),
  steps: z.array(Step),
})
export type Scenario = z.infer<typeof Scenario>

/** Scenarios from the text of a file. @throws when it is not such a file */
export const parseScenarios = (text: string): readonly Scenario[] => z.array(Scenario).parse(JSON.parse(text))

/** The scenario asks for nothing that this product does not have. */
export const isClaimed = ({ requires }: Scenario): boolean =>
  [requires].flat().every((behaviour) => (CLAIMS as readonly string[]).includes(behaviour))

/** Indices of the steps in the order in which a receiver meets them: of two that cross, the venue's first. */
export const playOrder = ({ steps }: Scenario): readonly number[] => {
  const order = steps.map((_, index) => index)
  for (const [index, { crosses, direction }] of steps.entries()) {
    if (crosses === undefined || direction !== 'in') continue
    const other = steps.findIndex((step, i) => i > index && step.crosses === crosses && step.direction === 'venue')
    if (other < 0) continue
    order.splice(order.indexOf(other), 1)
    order.splice(order.indexOf(index), 0, other)
  }
  return order
}
