import type { Rules } from '../../events/rules.ts'

/** A strategy that this process has not heard of may have been defined by another one just now: it is looked for up to the head of the log. */
export const lookForStrategy = async (rules: Rules | undefined, strategyId: string | null | undefined): Promise<void> => {
  if (rules && strategyId && !rules.strategies.of(strategyId)) await rules.freshness.prove(0)
}
