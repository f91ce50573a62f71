import assert from 'node:assert/strict'
import { dispatch, RpcError } from '../../../src/embedded/solana/rpc/json-rpc.ts'
import { createLog } from '../../../src/platform/log.ts'

const log = createLog('test', 'silent')
const call = (method: string, id = 1) => ({ jsonrpc: '2.0', method, params: [], id })
const notification = (method: string) => ({ jsonrpc: '2.0', method, params: [] })

describe('JSON-RPC dispatch', () => {
  it('answers only when what it says is on disk, errors included', async () => {
    const methods = {
      good: () => 7,
      bad: () => {
        throw new RpcError(-32002, 'no')
      },
    }
    for (const method of ['good', 'bad']) {
      let onDisk: () => void = () => assert.fail('never asked whether it is durable')
      let answered = false
      const durable = () => new Promise<void>((resolve) => (onDisk = resolve))
      const answer = dispatch(methods, call(method), durable, log).then((value) => {
        answered = true
        return value
      })
      await new Promise((done) => setTimeout(done, 20))
      assert.equal(answered, false)
      onDisk()
      assert.deepEqual(
        await answer,
        method === 'good' ? { jsonrpc: '2.0', result: 7, id: 1 } : { jsonrpc: '2.0', error: { code: -32002, message: 'no' }, id: 1 },
      )
    }
  })

  it('keeps batches in order, says nothing to notifications, and hides bugs from the caller', async () => {
    const durable = () => Promise.resolve()
    const seen: string[] = []
    const methods = {
      slow: async () => {
        await new Promise((done) => setTimeout(done, 20))
        seen.push('slow')
      },
      fast: () => void seen.push('fast'),
      bug: () => {
        throw new Error('secret')
      },
    }
    const answers = await dispatch(methods, [call('slow'), notification('fast'), call('bug', 3)], durable, log)
    assert.deepEqual(seen, ['slow', 'fast'])
    assert.deepEqual(answers, [
      { jsonrpc: '2.0', result: null, id: 1 },
      { jsonrpc: '2.0', error: { code: -32603, message: 'Internal error' }, id: 3 },
    ])
    assert.equal(await dispatch(methods, notification('fast'), durable, log), undefined)
    assert.deepEqual(await dispatch(methods, 5, durable, log), {
      jsonrpc: '2.0',
      error: { code: -32600, message: 'Invalid request' },
      id: null,
    })
  })
})
