import type { AccountState } from '../../commands/account/state.ts'
import { signingControl } from '../../commands/handler/brief.ts'
import { PROOF_MAX_AGE_MS, signingBlock } from '../../commands/limits/signing-block.ts'
import type { Rules } from '../../events/rules.ts'

/** Accounts whose work a control holds up: woken when any control changes, so that nobody has to ask again and again. */
export interface Halted {
  add(accountId: string): void
  close(): void
}

export const watchHalted = (rules: Rules | undefined, wake: (accountId: string) => void): Halted => {
  const accounts = new Set<string>()
  const end = rules?.controls.onChange(() => {
    const woken = [...accounts]
    accounts.clear()
    for (const accountId of woken) wake(accountId)
  })
  return {
    add: (accountId) => {
      accounts.add(accountId)
    },
    close: () => end?.(),
  }
}

/** Why nothing may be signed for this ref as far as this process knows; the account decides it again when the signature is recorded. */
export const barredFrom = (rules: Rules | undefined, state: AccountState, ref: string): string | undefined =>
  rules && signingBlock(state, { ...signingControl(rules, state, ref), ageMs: 0, tripMs: 0 }, ref)

/** Proves that no halt was missed before something is signed. False: the event store cannot tell in time. */
export const provenFresh = (rules: Rules | undefined): Promise<boolean> => rules?.freshness.prove(PROOF_MAX_AGE_MS) ?? Promise.resolve(true)
