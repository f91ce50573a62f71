import { AccountLayout } from '@solana/spl-token'
import { z } from 'zod'

/** The chain did not answer: the request can be made again, nothing was decided. */
export class ChainUnavailable extends Error {}

export interface Call {
  readonly method: string
  readonly params: readonly unknown[]
}

/** An error that the chain itself answered. */
export interface CallError {
  readonly code: number
  readonly message: string
}

export type CallResult = { readonly result: unknown } | { readonly error: CallError }

export interface Chain {
  /** Answers of the first endpoint that answers, in the order of the calls. Throws ChainUnavailable. */
  batch(calls: readonly Call[]): Promise<readonly CallResult[]>
  /** One call; an error of the chain is thrown as ChainUnavailable too. */
  call<T>(schema: z.ZodType<T>, method: string, ...params: readonly unknown[]): Promise<T>
}

/** JSON-RPC over several endpoints: tried in turn, beginning with the one that answered last. */
export const connectChain = (urls: readonly string[]): Chain => {
  let preferred = 0
  const batch = async (calls: readonly Call[]) => {
    let last: unknown
    for (let i = 0; i < urls.length; i++) {
      const index = (preferred + i) % urls.length
      try {
        const results = await post(urls[index] as string, calls)
        preferred = index
        return results
      } catch (error) {
        last = error
      }
    }
    throw new ChainUnavailable(`no endpoint answered: ${last instanceof Error ? last.message : String(last)}`)
  }
  return {
    batch,
    call: async (schema, method, ...params) => {
      const [answer] = await batch([{ method, params }])
      return read(schema, answer)
    },
  }
}

/** The value of an answer in the form asked for; anything else counts as no answer. */
export const read = <T>(schema: z.ZodType<T>, answer: CallResult | undefined): T => {
  if (!answer || 'error' in answer) throw new ChainUnavailable(answer ? `${answer.error.code} ${answer.error.message}` : 'no answer')
  const parsed = schema.safeParse(answer.result)
  if (!parsed.success) throw new ChainUnavailable(`unexpected answer: ${parsed.error.message}`)
  return parsed.data
}

const Accounts = z.object({
  context: z.object({ slot: z.number() }),
  value: z.array(z.object({ data: z.tuple([z.string(), z.string()]) }).nullable()),
})

/** Call for the token amounts of accounts; read it with `tokenAmounts`. */
export const tokenAmountsCall = (keys: readonly string[]): Call => ({
  method: 'getMultipleAccounts',
  params: [keys, { encoding: 'base64', commitment: 'processed' }],
})

/** Amounts in base units, undefined for accounts that do not exist, all of one slot. */
export const tokenAmounts = (answer: CallResult | undefined): { slot: number; amounts: (bigint | undefined)[] } => {
  const { context, value } = read(Accounts, answer)
  const amounts = value.map((account) => {
    const data = account ? Buffer.from(account.data[0], 'base64') : undefined
    return data && data.length >= AccountLayout.span ? data.readBigUInt64LE(AMOUNT_AT) : undefined
  })
  return { slot: context.slot, amounts }
}

const AMOUNT_AT = 64
/** Local endpoints answer in milliseconds; a caller of the venue is to hear of a dead chain well within its own patience. */
const TIMEOUT_MS = 1_500

const Answers = z.array(
  z.object({ id: z.number(), result: z.unknown().optional(), error: z.object({ code: z.number(), message: z.string() }).optional() }),
)

const post = async (url: string, calls: readonly Call[]): Promise<CallResult[]> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(calls.map(({ method, params }, id) => ({ jsonrpc: '2.0', id, method, params }))),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  const answers = Answers.parse(await response.json())
  return calls.map((_, id) => {
    const answer = answers.find((entry) => entry.id === id)
    if (!answer) throw new Error(`no answer to call ${id}`)
    return answer.error ? { error: answer.error } : { result: answer.result ?? null }
  })
}
