import type { Config } from '../platform/config.ts'
import { keysFile } from './keys.ts'
import type { PartReport } from './parts.ts'

/** What a person needs after a start, in at most 12 lines. Only a process that takes commands says how to send one. */
export const banner = (url: string, { dataDir, roles, roleName }: Config, reports: readonly PartReport[]): string => {
  const of = (kind: PartReport['kind']): string =>
    reports
      .filter((report) => report.kind === kind)
      .map((report) => (kind === 'absent' ? `${report.part} (${report.detail})` : report.part))
      .join(', ')
  const keys = keysFile(dataDir)
  const key = `$(node -p "require('${keys}').trader")`
  const lines = [
    `Quant-Bot (${roleName}) serves ${url}  (health: /health/ready, metrics: /metrics)`,
    `  data      ${dataDir}`,
    ...(of('embedded') ? [`  embedded  ${of('embedded')}`] : []),
    ...(of('real') ? [`  real      ${of('real')}`] : []),
    ...(of('absent') ? [`  WITHOUT   ${of('absent')}`] : []),
  ]
  const tryIt = [
    `  keys      ${keys}  (trader, analyst, auditor, operator)`,
    `  try       H="authorization: Bearer ${key}" J="content-type: application/json"`,
    `            curl -H "$H" -H "$J" ${url}/v1/accounts -d '{"accountId":"acct-1"}'`,
    `            curl -H "$H" -H "$J" ${url}/v1/accounts/acct-1/deposits -d '{"depositId":"d-1","asset":"USDC","amount":"1000"}'`,
    `            curl -H "$H" -H "$J" ${url}/v1/orders -d '${JSON.stringify({ accountId: 'acct-1', clOrdId: 'c-1', symbol: 'SOL/USDC', side: 'buy', type: 'market', quantity: '1.5', timeInForce: 'ioc' })}'`,
    `            curl -H "$H" ${url}/v1/accounts/acct-1/balances`,
  ]
  return [...lines, ...(roles.has('commands') ? tryIt : [])].join('\n')
}
