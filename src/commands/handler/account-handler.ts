import type { AccountCommand, Answer, CommandContext } from '../account/command.ts'
import type { AccountState } from '../account/state.ts'

/** How a command ended. `position`: commit of the append, or of the account's last event when nothing was appended. */
export type Executed =
  | { readonly kind: 'answered'; readonly answer: Answer; readonly position: bigint; readonly state: AccountState }
  /** The store did not tell in time; ask /v1/operations/{id}. */
  | { readonly kind: 'unknown'; readonly operationId: string }
  /** Nothing was appended and nothing will be: the store is away or the mailbox is full. */
  | { readonly kind: 'unavailable'; readonly detail: string }

/** The write side's one way to an account: load → decide → append under the exact revision. Used by every role that writes. */
export interface AccountHandler {
  execute(accountId: string, command: AccountCommand, context: CommandContext): Promise<Executed>
  /** The account as of its newest event known to be durable; reads the stream's tail when `fresh`. */
  load(accountId: string, options?: { readonly fresh?: boolean }): Promise<AccountState>
  close(): Promise<void>
}
