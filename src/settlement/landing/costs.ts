import { SystemInstruction, SystemProgram, TransactionInstruction, VersionedTransaction } from '@solana/web3.js'
import type { Costs } from '../../events/account/transaction-events.ts'

/**
 * Divides what a landed transaction took from the fee payer (lamports) into its parts. The bytes tell which is which: the base fee is
 * per signature, a tip is the last instruction (compose puts it there), and what is left beyond the fee is rent.
 */
export const costsOf = (wire: Uint8Array, { fee, rent }: { readonly fee: bigint; readonly rent: bigint }): Costs => {
  const transaction = VersionedTransaction.deserialize(wire)
  const base = smaller(fee, LAMPORTS_PER_SIGNATURE * BigInt(transaction.message.header.numRequiredSignatures))
  const tip = smaller(rent, tipOf(transaction))
  return { fee: fee.toString(), priorityFee: (fee - base).toString(), tip: tip.toString(), rent: (rent - tip).toString() }
}

/** The network's base fee. It has not changed since the chain began; if it does, the difference shows as priority fee, not as a loss. */
const LAMPORTS_PER_SIGNATURE = 5_000n

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)

const tipOf = ({ message }: VersionedTransaction): bigint => {
  const last = message.compiledInstructions.at(-1)
  const keys = message.staticAccountKeys
  if (!last || !keys[last.programIdIndex]?.equals(SystemProgram.programId) || last.accountKeyIndexes[0] !== 0) return 0n
  const accounts = last.accountKeyIndexes.map((index) => ({
    pubkey: keys[index] ?? SystemProgram.programId,
    isSigner: false,
    isWritable: true,
  }))
  const instruction = new TransactionInstruction({ keys: accounts, programId: SystemProgram.programId, data: Buffer.from(last.data) })
  return SystemInstruction.decodeInstructionType(instruction) === 'Transfer' ? SystemInstruction.decodeTransfer(instruction).lamports : 0n
}
