import { PACKET_DATA_SIZE, type PublicKey, type VersionedMessage } from '@solana/web3.js'
import bs58 from 'bs58'

/**
 * The bytes that `message.serialize()` gives, of a version 0 message without lookup tables in a sixth of its time: web3.js describes each
 * message by layout objects of its own. For all others its own code writes. @throws RangeError when they would fill more than a packet
 */
export const messageBytes = (message: VersionedMessage): Uint8Array => {
  if (message.version === 'legacy' || message.addressTableLookups.length > 0) return message.serialize()
  const { header, staticAccountKeys, recentBlockhash, compiledInstructions } = message
  const { numRequiredSignatures, numReadonlySignedAccounts, numReadonlyUnsignedAccounts } = header
  const parts: (Uint8Array | readonly number[])[] = [
    [VERSION_0, numRequiredSignatures, numReadonlySignedAccounts, numReadonlyUnsignedAccounts, ...shortLength(staticAccountKeys.length)],
    ...staticAccountKeys.map((key: PublicKey) => key.toBytes()),
    bs58.decode(recentBlockhash),
    shortLength(compiledInstructions.length),
  ]
  for (const { programIdIndex, accountKeyIndexes, data } of compiledInstructions)
    parts.push([programIdIndex, ...shortLength(accountKeyIndexes.length)], accountKeyIndexes, shortLength(data.length), data)
  parts.push(NO_LOOKUPS)
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length > PACKET_DATA_SIZE) throw new RangeError(`a message of ${length} bytes: a packet holds ${PACKET_DATA_SIZE}`)
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

const VERSION_0 = 0x80
const NO_LOOKUPS = [0]

/** Solana's compact length: seven bits a byte, lowest first. */
const shortLength = (length: number): readonly number[] => {
  const bytes: number[] = []
  let left = length
  for (; left > 0x7f; left >>= 7) bytes.push((left & 0x7f) | 0x80)
  return [...bytes, left]
}
