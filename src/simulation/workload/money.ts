import { KEYSTORE } from '../world/keys.ts'
import type { Ask } from './client.ts'
import type { Generator } from './commands.ts'

export const deposit = (accountId: string, depositId: string, asset: string, amount: string): Ask => ({
  accountId,
  method: 'POST',
  path: `/v1/accounts/${accountId}/deposits`,
  body: { depositId, asset, amount },
})

/** A wallet of nobody on the platform. */
const BEYOND = KEYSTORE.wallet('beyond').signer.publicKey

const moreFunds: Generator = {
  name: 'deposit',
  weight: 1,
  ask: (m, accountId) => deposit(accountId, m.fresh('d'), m.random.pick(['SOL', 'USDC']), String(m.random.between(1, 50))),
}

const withdrawal: Generator = {
  name: 'withdrawal',
  weight: 2,
  ask: (m, accountId) => ({
    accountId,
    method: 'POST',
    path: `/v1/accounts/${accountId}/withdrawals`,
    body: {
      withdrawalId: m.fresh('w'),
      asset: m.random.pick(['SOL', 'USDC']),
      amount: String(m.random.between(1, 8)),
      destination: BEYOND,
    },
  }),
}

export const cancelWithdrawal = (accountId: string, withdrawalId: string): Ask => ({
  accountId,
  method: 'DELETE',
  path: `/v1/accounts/${accountId}/withdrawals/${withdrawalId}`,
})

/** The second step, or the end of one that is under way. */
const changeOfWithdrawal: Generator = {
  name: 'second step of a withdrawal',
  weight: 3,
  ask: (m, accountId) => {
    const open = [...(m.account(accountId)?.payouts.values() ?? [])].filter(
      ({ kind, status }) => kind === 'withdrawal' && status !== 'completed',
    )
    const chosen = m.random.pick(open)
    if (!chosen) return undefined
    return m.random.chance(0.7)
      ? { accountId, method: 'POST', path: `/v1/accounts/${accountId}/withdrawals/${chosen.id}/confirm` }
      : cancelWithdrawal(accountId, chosen.id)
  },
}

const transfer: Generator = {
  name: 'transfer',
  weight: 2,
  ask: (m, from) => {
    const to = m.random.pick(m.accounts.filter((accountId) => accountId !== from))
    const body = { transferId: m.fresh('t'), from, to, asset: m.random.pick(['SOL', 'USDC']), amount: String(m.random.between(1, 8)) }
    return { accountId: from, method: 'POST', path: '/v1/transfers', body }
  },
}

export const MONEY: readonly Generator[] = [moreFunds, withdrawal, changeOfWithdrawal, transfer]
