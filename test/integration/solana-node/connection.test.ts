import assert from 'node:assert/strict'
import { createMint, getAccount, getOrCreateAssociatedTokenAccount, mintTo, transfer } from '@solana/spl-token'
import {
  AddressLookupTableProgram,
  ComputeBudgetProgram,
  type Connection,
  Keypair,
  LAMPORTS_PER_SOL,
  PublicKey,
  SendTransactionError,
  SystemProgram,
  sendAndConfirmTransaction,
  Transaction,
  TransactionExpiredBlockheightExceededError,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js'
import { type Chain, outcome, rpc, startChain, until } from './start-part.ts'

describe('local chain through web3.js', () => {
  let chain: Chain
  let connection: Connection
  const payer = Keypair.generate()
  const other = Keypair.generate()

  const signed = (blockhash: string, lamports: number) => {
    const instructions = [SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: other.publicKey, lamports })]
    const message = new TransactionMessage({ payerKey: payer.publicKey, recentBlockhash: blockhash, instructions })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    transaction.sign([payer])
    return transaction
  }

  before(async () => {
    chain = await startChain(40)
    connection = chain.connection()
    const signature = await connection.requestAirdrop(payer.publicKey, 1_000 * LAMPORTS_PER_SOL)
    await connection.confirmTransaction({ signature, ...(await connection.getLatestBlockhash()) })
  })
  after(async () => {
    // web3.js closes an unused WebSocket after half a second; before that it would try to reconnect for the rest of the run.
    await new Promise((done) => setTimeout(done, 700))
    await chain.stop()
  })

  it('transfers, confirms over WebSocket, and charges base and priority fee to the lamport', async () => {
    const transaction = new Transaction().add(
      ComputeBudgetProgram.setComputeUnitLimit({ units: 10_000 }),
      ComputeBudgetProgram.setComputeUnitPrice({ microLamports: 2_000_000 }),
      SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: other.publicKey, lamports: LAMPORTS_PER_SOL }),
    )
    const signature = await sendAndConfirmTransaction(connection, transaction, [payer])
    const landed = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })
    assert.equal(landed?.meta?.fee, 25_000)
    assert.equal(await connection.getFeeForMessage(transaction.compileMessage()).then((fee) => fee.value), 25_000)
    assert.equal((landed?.meta?.preBalances[0] ?? 0) - (landed?.meta?.postBalances[0] ?? 0), LAMPORTS_PER_SOL + 25_000)
    assert.equal(landed?.version, 'legacy')
    const parsed = await connection.getParsedTransaction(signature, { maxSupportedTransactionVersion: 0 })
    assert.equal(parsed?.transaction.message.accountKeys[0]?.pubkey.toBase58(), payer.publicKey.toBase58())
  })

  it('serves the token helpers end to end, on the second endpoint too', async () => {
    const second = chain.connection(1)
    const mint = await createMint(connection, payer, payer.publicKey, null, 6)
    const mine = await getOrCreateAssociatedTokenAccount(second, payer, mint, payer.publicKey)
    const theirs = await getOrCreateAssociatedTokenAccount(connection, payer, mint, other.publicKey)
    await mintTo(second, payer, mint, mine.address, payer, 10_000_000n)
    const signature = await transfer(connection, payer, mine.address, theirs.address, payer, 1_500_000n)
    assert.equal((await getAccount(second, theirs.address)).amount, 1_500_000n)
    assert.equal((await connection.getTokenAccountBalance(theirs.address)).value.uiAmountString, '1.5')
    assert.equal((await connection.getTokenAccountsByOwner(other.publicKey, { mint })).value.length, 1)
    assert.equal(
      (await connection.getParsedTokenAccountsByOwner(other.publicKey, { mint })).value[0]?.account.data.parsed.info.tokenAmount.amount,
      '1500000',
    )
    const meta = (await second.getTransaction(signature, { maxSupportedTransactionVersion: 0 }))?.meta
    const delta = (owner: PublicKey) => {
      const [pre, post] = [meta?.preTokenBalances, meta?.postTokenBalances].map((balances) =>
        BigInt(balances?.find((balance) => balance.owner === owner.toBase58())?.uiTokenAmount.amount ?? '0'),
      )
      return (post ?? 0n) - (pre ?? 0n)
    }
    assert.equal(delta(other.publicKey), 1_500_000n)
    assert.equal(delta(payer.publicKey), -1_500_000n)
    const held = await connection.getProgramAccounts(new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'), {
      filters: [{ dataSize: 165 }, { memcmp: { offset: 0, bytes: mint.toBase58() } }],
    })
    assert.equal(held.length, 2)
  })

  it('creates and uses an address lookup table', async () => {
    const recentSlot = await connection.getSlot('finalized')
    const [create, table] = AddressLookupTableProgram.createLookupTable({ authority: payer.publicKey, payer: payer.publicKey, recentSlot })
    const extend = AddressLookupTableProgram.extendLookupTable({
      lookupTable: table,
      authority: payer.publicKey,
      payer: payer.publicKey,
      addresses: [other.publicKey],
    })
    await sendAndConfirmTransaction(connection, new Transaction().add(create, extend), [payer])
    const found = (await connection.getAddressLookupTable(table)).value
    assert.ok(found)
    const latest = await connection.getLatestBlockhash()
    const message = new TransactionMessage({
      payerKey: payer.publicKey,
      recentBlockhash: latest.blockhash,
      instructions: [SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: other.publicKey, lamports: 7 })],
    }).compileToV0Message([found])
    assert.equal(message.addressTableLookups.length, 1)
    const transaction = new VersionedTransaction(message)
    transaction.sign([payer])
    const signature = await connection.sendTransaction(transaction)
    await connection.confirmTransaction({ signature, ...latest })
    const landed = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })
    assert.deepEqual(landed?.meta?.loadedAddresses?.writable.map(String), [other.publicKey.toBase58()])
    assert.equal(landed?.version, 0)
  })

  it('simulates without effect', async () => {
    const before = await connection.getBalance(other.publicKey)
    const transaction = signed((await connection.getLatestBlockhash()).blockhash, 5_000_000)
    const { value } = await connection.simulateTransaction(transaction, {
      replaceRecentBlockhash: true,
      sigVerify: false,
      accounts: { encoding: 'base64', addresses: [other.publicKey.toBase58()] },
    })
    assert.equal(value.err, null)
    assert.ok((value.unitsConsumed ?? 0) > 0)
    assert.equal(value.accounts?.[0]?.lamports, before + 5_000_000)
    assert.equal(await connection.getBalance(other.publicKey), before)
  })

  it('refuses at preflight with logs, and a tampered signature with -32003', async () => {
    const { blockhash } = await connection.getLatestBlockhash()
    await assert.rejects(connection.sendTransaction(signed(blockhash, 1e15)), (error) => {
      assert.ok(error instanceof SendTransactionError)
      assert.match(error.message, /custom program error: 0x1/)
      assert.ok((error.logs?.length ?? 0) > 0)
      return true
    })
    const tampered = signed(blockhash, 1)
    tampered.signatures[0]?.set([1, 2, 3], 10)
    const answer = await rpc(chain.ready().url, 'sendTransaction', Buffer.from(tampered.serialize()).toString('base64'), {
      encoding: 'base64',
    })
    assert.equal(answer.error?.code, -32003)
  })

  it('lands a failed transaction with its fee when preflight is skipped', async () => {
    const latest = await connection.getLatestBlockhash()
    const before = await connection.getBalance(payer.publicKey)
    const signature = await connection.sendTransaction(signed(latest.blockhash, 1e15), { skipPreflight: true })
    assert.deepEqual(await outcome(connection, signature), { InstructionError: [0, { Custom: 1 }] })
    assert.equal(await connection.getBalance(payer.publicKey), before - 5_000)
    assert.equal((await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 }))?.meta?.fee, 5_000)
  })

  it('forgets a transaction whose fee nobody can pay', async () => {
    const poor = Keypair.generate()
    const { blockhash } = await connection.getLatestBlockhash()
    const instructions = [SystemProgram.transfer({ fromPubkey: poor.publicKey, toPubkey: other.publicKey, lamports: 1 })]
    const message = new TransactionMessage({ payerKey: poor.publicKey, recentBlockhash: blockhash, instructions })
    const transaction = new VersionedTransaction(message.compileToV0Message())
    transaction.sign([poor])
    await assert.rejects(connection.sendTransaction(transaction), /found no record of a prior credit/)
    const signature = await connection.sendTransaction(transaction, { skipPreflight: true })
    assert.equal((await connection.getSignatureStatuses([signature], { searchTransactionHistory: true })).value[0], null)
    assert.equal(await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 }), null)
  })

  it('takes the same bytes again without a second effect', async () => {
    const latest = await connection.getLatestBlockhash()
    const transaction = signed(latest.blockhash, 11)
    const before = await connection.getBalance(other.publicKey)
    const signature = await connection.sendTransaction(transaction, { skipPreflight: true })
    for (let i = 0; i < 3; i++) assert.equal(await chain.connection(i % 2).sendTransaction(transaction, { skipPreflight: true }), signature)
    assert.equal(await connection.getBalance(other.publicKey), before + 11)
    await assert.rejects(connection.sendTransaction(transaction), /already been processed/)
  })

  it('lets a dropped transaction expire by block height, and refuses its bytes afterwards', async () => {
    const latest = await connection.getLatestBlockhash()
    const transaction = signed(latest.blockhash, 13)
    await rpc(chain.ready().url, 'quantbot_setEndpoint', { dropSends: true })
    const signature = await connection.sendTransaction(transaction, { skipPreflight: true })
    await rpc(chain.ready().url, 'quantbot_setEndpoint', { dropSends: false })
    await assert.rejects(connection.confirmTransaction({ signature, ...latest }), TransactionExpiredBlockheightExceededError)
    assert.equal((await connection.isBlockhashValid(latest.blockhash)).value, false)
    await assert.rejects(connection.sendTransaction(transaction), /Blockhash not found/)
    await connection.sendTransaction(transaction, { skipPreflight: true })
    assert.equal((await connection.getSignatureStatuses([signature], { searchTransactionHistory: true })).value[0], null)
  })

  it('ages a status from processed to finalized, and keeps slots and heights in step', async () => {
    const latest = await connection.getLatestBlockhash()
    const signature = await connection.sendTransaction(signed(latest.blockhash, 17), { skipPreflight: true })
    const status = async () => (await connection.getSignatureStatuses([signature])).value[0]
    const first = await status()
    assert.ok(first && first.confirmationStatus !== 'finalized')
    const final = await until(async () => {
      const now = await status()
      return now?.confirmationStatus === 'finalized' && now
    })
    assert.equal(final.confirmations, null)
    assert.ok((await connection.getSlot('finalized')) >= final.slot)
    const info = await connection.getEpochInfo('processed')
    assert.notEqual(info.absoluteSlot, info.blockHeight)
    const block = await connection.getBlock(final.slot, { maxSupportedTransactionVersion: 0 })
    assert.ok(block?.transactions.some((entry) => entry.transaction.signatures[0] === signature))
    const found = await connection.getSignaturesForAddress(other.publicKey, { limit: 1 })
    assert.equal(found[0]?.signature, signature)
  })

  it('answers -32016 below minContextSlot, and a lagging endpoint shows its own slot', async () => {
    const { url, ports } = chain.ready()
    const slot = await connection.getSlot('processed')
    const answer = await rpc(url, 'getBalance', payer.publicKey.toBase58(), { commitment: 'processed', minContextSlot: slot + 1_000 })
    assert.equal(answer.error?.code, -32016)
    assert.equal(
      (await rpc(url, 'getBalance', payer.publicKey.toBase58(), { commitment: 'processed', minContextSlot: slot })).error,
      undefined,
    )
    const second = `http://127.0.0.1:${ports[1]}`
    await rpc(second, 'quantbot_setEndpoint', { lagSlots: 30 })
    assert.ok((await chain.connection(1).getSlot('processed')) <= (await connection.getSlot('processed')) - 29)
    const lagging = await rpc(second, 'getSlot', { commitment: 'processed', minContextSlot: slot })
    assert.equal(lagging.error?.code, -32016)
    await rpc(second, 'quantbot_setEndpoint', { lagSlots: 0 })
  })

  it('notifies slots and accounts', async () => {
    const slots: number[] = []
    const slotId = connection.onSlotChange((info) => slots.push(info.slot))
    const balances: number[] = []
    const accountId = connection.onAccountChange(other.publicKey, (account) => balances.push(account.lamports), { commitment: 'processed' })
    await until(async () => slots.length > 3)
    const before = await connection.getBalance(other.publicKey)
    await connection.sendTransaction(signed((await connection.getLatestBlockhash()).blockhash, 19), { skipPreflight: true })
    await until(async () => balances.includes(before + 19))
    await connection.removeSlotChangeListener(slotId)
    await connection.removeAccountChangeListener(accountId)
  })

  it('answers batches in order, unknown methods and broken JSON as JSON-RPC errors', async () => {
    const { url } = chain.ready()
    const post = async (body: string) => (await fetch(url, { method: 'POST', body })).json() as Promise<unknown>
    const batch = (await post(
      JSON.stringify([
        { jsonrpc: '2.0', id: 1, method: 'getHealth' },
        { jsonrpc: '2.0', id: 2, method: 'nope' },
      ]),
    )) as { id: number; result?: string; error?: { code: number } }[]
    assert.deepEqual([batch[0]?.result, batch[1]?.error?.code], ['ok', -32601])
    assert.equal(((await post('{')) as { error: { code: number } }).error.code, -32700)
    assert.equal((await rpc(url, 'getBalance', 'not an address')).error?.code, -32602)
    assert.equal((await rpc(url, '__proto__')).error?.code, -32601)
  })
})
