import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { announceReady, stopWithParent } from '../../platform/child.ts'
import { createLog } from '../../platform/log.ts'
import { ChainUnavailable, connectChain } from './chain.ts'
import { execute } from './execute.ts'
import { readPools } from './pools.ts'
import { prices } from './price.ts'
import { isRefusal, refuse } from './request.ts'
import { createRfq } from './rfq.ts'
import { openMaker } from './rfq-maker.ts'
import { build, order } from './swap.ts'

// A swap venue in the shape of Jupiter's Swap API V2 and Price API V3 over the local chain's pools, and a market maker beside it
// (/rfq/v1) where the chain's faucet lies beside the pools' file. It keeps no state but the maker's quotes of the last seconds.
// Flags: --rpc URL[,URL] --pools FILE [--port P] (0 = any).

const log = createLog('venue')

const flags = () => {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, rpc: { type: 'string' }, pools: { type: 'string' } } })
  const port = Number(values.port)
  if (!values.rpc || !values.pools) throw new Error('--rpc URL[,URL] and --pools FILE are needed')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port must be a port number')
  return { port, urls: values.rpc.split(','), file: values.pools }
}

const serve = () => {
  const { port, urls, file } = flags()
  const chain = connectChain(urls)
  const pools = readPools(file)
  const maker = openMaker(join(dirname(file), 'faucet.json'), chain, pools)
  const rfq = maker && createRfq(chain, pools, maker)

  const answer = async (request: IncomingMessage, signal: AbortSignal): Promise<object> => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://venue')
    switch (`${request.method} ${pathname}`) {
      case 'GET /swap/v2/build':
        return build(chain, pools, searchParams)
      case 'GET /swap/v2/order':
        return order(chain, pools, searchParams)
      case 'POST /swap/v2/execute':
        return execute(chain, pools, await readJson(request), signal)
      case 'GET /rfq/v1/quote':
        return rfq ? rfq.quote(searchParams) : NO_MAKER
      case 'POST /rfq/v1/sign':
        return rfq ? rfq.sign(await readJson(request)) : NO_MAKER
      case 'GET /price/v3':
        return prices(chain, pools, searchParams)
      case 'GET /health':
        return { ok: true }
      default:
        return refuse('NOT_FOUND', 'No such path', 404)
    }
  }

  const server = createServer((request, response) => {
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const reply = (status: number, body: object) => {
      if (response.destroyed) return
      response.writeHead(status, { 'content-type': 'application/json', ...(status === 503 ? { 'retry-after': '1' } : {}) })
      response.end(JSON.stringify(body))
    }
    answer(request, gone.signal).then(
      (body) => {
        if (!isRefusal(body)) return reply(200, body)
        const { status, ...told } = body
        reply(status, told)
      },
      (error: unknown) => {
        if (error instanceof ChainUnavailable) return reply(503, { errorCode: 'CHAIN_UNAVAILABLE', error: error.message })
        log.error({ err: error, url: request.url }, 'request failed')
        reply(500, { errorCode: 'INTERNAL', error: 'Internal error' })
      },
    )
  })
  // Longer than the idle time of usual client pools, so that a client never sends into a connection we are closing.
  server.keepAliveTimeout = 65_000
  server.on('error', (error) => {
    log.fatal({ err: error }, 'cannot serve')
    process.exit(1)
  })
  server.listen(port, '127.0.0.1', () => {
    const bound = (server.address() as AddressInfo).port
    stopWithParent(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    announceReady({ part: 'venue', port: bound, url: `http://127.0.0.1:${bound}` })
  })
}

const NO_MAKER = refuse('NO_QUOTE', 'There is no maker here', 404)

/** Far above a signed transaction in base64. */
const MAX_BODY = 100_000

/** The body as JSON; undefined when it is none or too large, which no request schema takes. */
const readJson = async (request: IncomingMessage): Promise<unknown> => {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > MAX_BODY) return undefined
  }
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

try {
  serve()
} catch (error) {
  log.fatal({ err: error }, 'cannot start')
  process.exit(1)
}
