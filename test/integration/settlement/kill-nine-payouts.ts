import { Keypair } from '@solana/web3.js'
import type { AccountCommand } from '../../../src/commands/account/command.ts'
import { withdrawableOf } from '../../../src/commands/ledger/provisional.ts'
import { awaitingFinality, openAttempts } from '../../../src/commands/transaction/attempt-state.ts'
import { createRegistry } from '../../../src/platform/metrics.ts'
import { createChain } from '../../../src/rpc/pool.ts'
import { openStand, type Stand, settled, until } from './stand.ts'
import { deathOf, openWorkers } from './workers.ts'

/** Every step of a payout, before and after it. */
const COMMON = [
  ...['before latestBlockhash', 'after latestBlockhash', 'before simulate', 'after simulate', 'before RecordSigned', 'after RecordSigned'],
  ...['before send', 'after send', 'after statuses', 'before transaction', 'after transaction', 'before BookLanded', 'after BookLanded'],
  ...['before BookFinalized', 'after BookFinalized'],
] as const
/** Steps that a transfer alone has: the other account's side of it. */
const DELIVERY = ['before ReceiveTransfer', 'after ReceiveTransfer', 'before CompleteTransfer', 'after CompleteTransfer'] as const

export const PAYOUT_DEATHS: readonly { readonly kind: 'withdrawal' | 'transfer'; readonly border: string }[] = [
  ...COMMON.map((border) => ({ kind: 'withdrawal', border }) as const),
  ...[...COMMON, ...DELIVERY].map((border) => ({ kind: 'transfer', border }) as const),
]

export interface PayoutKills {
  readonly deaths: typeof PAYOUT_DEATHS
  readonly told?: (line: string) => void
}

export interface KilledPayouts {
  readonly rounds: number
  /** Kills by border; `elsewhere`: the worker did not come to it in time and was killed where it was. */
  readonly kills: Readonly<Record<string, number>>
  /** Payouts that more than one transaction executed, or that were booked more than once on either side. */
  readonly doubled: number
  /** Payouts that nothing executed, or that one side has not booked. */
  readonly forgotten: number
  /** Accounts whose ledger differs from the chain, or that hold another amount than they should. */
  readonly unequal: number
  /** Attempts still open, or not final, at the end. */
  readonly open: number
}

const USDC = 10n ** 6n
const LONGEST_LIFE_MS = 15_000
const LAST_SECONDS = 120

/** Kills settlement with signal 9 at each of these borders of a payout of its own, lets a last worker finish, and counts. */
export const killPayouts = async ({ deaths, told = () => undefined }: PayoutKills): Promise<KilledPayouts> => {
  const stand = await openStand()
  const workers = openWorkers(stand.places)
  const kills: Record<string, number> = {}
  try {
    const funding = await stand.startWorker()
    const funds = BigInt(deaths.length) * USDC
    const [from, to] = await Promise.all([stand.openAccount({ USDC: 2n * funds }), stand.openAccount()])
    await until(async () => withdrawableOf(await stand.state(from), 'USDC') === 2n * funds, LAST_SECONDS)
    await until(async () => (await stand.state(to)).wallet, LAST_SECONDS)
    await funding.close()
    const destination = Keypair.generate().publicKey.toBase58()
    const asset = stand.instruments.byAsset('USDC')!
    for (const [round, { kind, border }] of deaths.entries()) {
      const id = `p-${round}`
      const ask: AccountCommand[] =
        kind === 'transfer'
          ? [{ type: 'RequestTransfer', transferId: id, asset, amount: USDC, to }]
          : [
              { type: 'RequestWithdrawal', withdrawalId: id, asset, amount: USDC, destination },
              { type: 'ConfirmWithdrawal', withdrawalId: id },
            ]
      for (const command of ask) await stand.command(from, command)
      const where = (await deathOf(await workers.next(border), LONGEST_LIFE_MS)) === 'itself' ? border : 'elsewhere'
      kills[where] = (kills[where] ?? 0) + 1
      told(`${round + 1}/${deaths.length} ${kind} killed ${where === border ? border : `${where} (not ${border})`}`)
    }
    const last = await workers.last()
    const outcome = await judge(stand, { from, to, destination, deaths, funds: 2n * funds })
    last.kill('SIGKILL')
    return { rounds: deaths.length, kills, ...outcome }
  } finally {
    await workers.close()
    await stand.close()
  }
}

interface Paid {
  readonly from: string
  readonly to: string
  readonly destination: string
  readonly deaths: typeof PAYOUT_DEATHS
  readonly funds: bigint
}

const judge = async (stand: Stand, { from, to, destination, deaths, funds }: Paid) => {
  const rest = async (accountId: string): Promise<number> => {
    const state = await stand.state(accountId)
    return state.payouts.size + openAttempts(state).length + awaitingFinality(state).length
  }
  await until(async () => (await rest(from)) + (await rest(to)) === 0, LAST_SECONDS).catch(() => undefined)
  const chain = createChain({ urls: stand.places.rpc, registry: createRegistry('judge') })
  try {
    const [sent, received] = [await stand.events(from), await stand.events(to)]
    let [doubled, forgotten] = [0, 0]
    for (const [round, { kind }] of deaths.entries()) {
      const id = `p-${round}`
      const ref = kind === 'transfer' ? `t-${id}` : `w-${id}`
      const signatures = sent.flatMap((event) =>
        event.type === 'TransactionSigned' && event.data.ref === ref ? [event.data.signature] : [],
      )
      const statuses = await chain.statuses(signatures, { history: true })
      if (!statuses.ok) throw new Error(statuses.error.detail)
      const executed = statuses.value.states.filter((state) => state?.error === null).length
      const left = sent.filter(
        ({ type, data }) =>
          (type === 'FundsWithdrawalSent' && kind === 'withdrawal' && data.withdrawalId === id) ||
          (type === 'FundsTransferSent' && kind === 'transfer' && data.transferId === id),
      ).length
      const arrived = received.filter(({ type, data }) => type === 'FundsTransferReceived' && data.transferId === id).length
      const sides = kind === 'transfer' ? [executed, left, arrived] : [executed, left]
      if (sides.some((times) => times > 1)) doubled++
      if (sides.some((times) => times === 0)) forgotten++
    }
    const transfers = BigInt(deaths.filter(({ kind }) => kind === 'transfer').length) * USDC
    const withdrawn = BigInt(deaths.length) * USDC - transfers
    const outside = await chain.tokenBalances([{ owner: destination, mint: stand.instruments.byAsset('USDC')!.mint }])
    const due: readonly (readonly [string, bigint])[] = [
      [from, funds - transfers - withdrawn],
      [to, transfers],
    ]
    let unequal = outside.ok && outside.value[0] === withdrawn ? 0 : 1
    for (const [accountId, amount] of due) {
      const onChain = (await stand.chainBalances(accountId)).USDC
      if (settled(await stand.state(accountId), 'USDC') !== amount || onChain !== amount) unequal++
    }
    return { doubled, forgotten, unequal, open: (await rest(from)) + (await rest(to)) }
  } finally {
    await chain.close()
  }
}
