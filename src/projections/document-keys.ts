/**
 * The models that streams tell of, by the letter of their documents' keys. A key is `<letter>:<accountId>` or `<letter>:<accountId>.<id>`:
 * account ids hold no dot, so whose a document is can be told without knowing its model.
 */
export const TOLD_MODELS = {
  balances: 'b',
  orders: 'o',
  positions: 'p',
  executions: 'e',
  withdrawals: 'w',
  transfers: 't',
  algos: 'a',
  corrections: 'c',
} as const

export type ToldModel = keyof typeof TOLD_MODELS

export const isToldModel = (name: string): name is ToldModel => Object.hasOwn(TOLD_MODELS, name)

/** The key of an account's document; `id` within the account, '' for a model with one document for each account. */
export const documentKey = (model: ToldModel, accountId: string, id = ''): string =>
  id === '' ? `${TOLD_MODELS[model]}:${accountId}` : `${TOLD_MODELS[model]}:${accountId}.${id}`

/** `o:<orderId>`: an order's id begins with its account's. */
export const orderKey = (orderId: string): string => `${TOLD_MODELS.orders}:${orderId}`
/** `e:<execId>`, which begins with its order's. */
export const executionKey = (execId: string): string => `${TOLD_MODELS.executions}:${execId}`
export const balancesKey = (accountId: string): string => documentKey('balances', accountId)

/** The algo of an order, where only the order is known: no algo's id begins with #. */
export const algoOfOrder = (orderNumber: bigint): string => `#${orderNumber}`

/** The order's number in an id made so; undefined in an algo's own id. */
export const orderOfAlgo = (id: string): string | undefined => (id.startsWith('#') ? id.slice(1) : undefined)

export interface DocumentPlace {
  readonly model: ToldModel
  readonly accountId: string
  /** Within the account. */
  readonly id: string
}

/** What a key names; undefined for one of a model that this build does not know. */
export const placeOf = (key: string): DocumentPlace | undefined => {
  const model = MODELS_BY_LETTER.get(key[0]!)
  if (model === undefined) return undefined
  const dot = key.indexOf('.', 2)
  return dot < 0 ? { model, accountId: key.slice(2), id: '' } : { model, accountId: key.slice(2, dot), id: key.slice(dot + 1) }
}

const MODELS_BY_LETTER = new Map(Object.entries(TOLD_MODELS).map(([model, letter]) => [letter as string, model as ToldModel]))
