import { keysFile } from './keys.ts'
import type { PartReport } from './parts.ts'

/** What a person needs after a start, in at most 12 lines. */
export const banner = (url: string, dataDir: string, reports: readonly PartReport[]): string => {
  const of = (kind: PartReport['kind']): string =>
    reports
      .filter((report) => report.kind === kind)
      .map((report) => (kind === 'absent' ? `${report.part} (${report.detail})` : report.part))
      .join(', ')
  const keys = keysFile(dataDir)
  const key = `$(node -p "require('${keys}').trader")`
  const lines = [
    `Quant-Bot serves ${url}  (health: /health/ready, metrics: /metrics)`,
    `  data      ${dataDir}`,
    `  keys      ${keys}  (trader, analyst, auditor, operator)`,
    ...(of('embedded') ? [`  embedded  ${of('embedded')}`] : []),
    ...(of('real') ? [`  real      ${of('real')}`] : []),
    ...(of('absent') ? [`  WITHOUT   ${of('absent')}`] : []),
    `  try       H="authorization: Bearer ${key}" J="content-type: application/json"`,
    `            curl -H "$H" -H "$J" ${url}/v1/accounts -d '{"accountId":"acct-1"}'`,
    `            curl -H "$H" -H "$J" ${url}/v1/accounts/acct-1/deposits -d '{"depositId":"d-1","asset":"USDC","amount":"1000"}'`,
    `            curl -H "$H" -H "$J" ${url}/v1/orders -d '${JSON.stringify({ accountId: 'acct-1', clOrdId: 'c-1', symbol: 'SOL/USDC', side: 'buy', type: 'market', quantity: '1.5', timeInForce: 'ioc' })}'`,
    `            curl -H "$H" ${url}/v1/accounts/acct-1/balances`,
  ]
  return lines.join('\n')
}
