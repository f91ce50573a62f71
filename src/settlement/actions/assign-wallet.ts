import { afterIssue, issue, type Outcome, type Settling } from './settling.ts'

/** Gives a new account its wallet. The same id always derives the same one. */
export const assignWallet = async (settling: Settling, accountId: string): Promise<Outcome> => {
  const { path, signer } = settling.deps.keystore.wallet(accountId)
  const as = { accountId, ref: 'wallet', commandId: 'wallet' }
  const issued = await issue(settling, { type: 'AssignWallet', publicKey: signer.publicKey, path }, as)
  return afterIssue(settling, issued, 'AssignWallet', as)
}
