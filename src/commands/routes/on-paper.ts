import type { Rules } from '../../events/rules.ts'
import { strategyScope } from '../../events/scope.ts'

/**
 * The rules that an order of a Paper strategy would meet if the strategy were Live: all that are in force, but for how the strategy stands
 * by itself. Undefined for every other order.
 */
export const onPaper = (rules: Rules | undefined, strategyId: string | null | undefined): Rules | undefined => {
  if (!rules || !strategyId || rules.strategies.of(strategyId)?.state !== 'Paper') return undefined
  const { controls } = rules
  return { ...rules, controls: { ...controls, effective: (scopes) => controls.effective(scopes, strategyScope(strategyId)) } }
}
