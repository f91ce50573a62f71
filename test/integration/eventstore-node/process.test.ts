import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventStoreDBClient, NO_STREAM, UnavailableError, UnknownError } from '@eventstore/db-client'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { status } from '@grpc/grpc-js'
import { systemClock } from '../../../src/platform/clock.ts'
import { nodeArguments } from '../../../src/platform/node-arguments.ts'
import { all, revisionsOf, testEvent, testEvents } from './events.ts'
import { type NodeProcess, startNodeProcess } from './node-process.ts'
import { rawGrpc } from './raw-grpc.ts'
import { temporaryFolder } from './server-under-test.ts'

describe('event store node: its process', () => {
  before(function () {
    if (process.env.EVENTSTORE_URL !== undefined) this.skip()
  })

  let db: ReturnType<typeof temporaryFolder>
  let running: { readonly node: NodeProcess; readonly client: EventStoreDBClient }[] = []
  beforeEach(() => {
    db = temporaryFolder()
  })
  afterEach(async () => {
    for (const { node, client } of running) {
      await client.dispose()
      await node.end('SIGKILL')
    }
    running = []
    db.remove()
  })
  const start = async (options: { readonly shell?: string } = {}) => {
    const node = await startNodeProcess({ db: db.path, ...options })
    const client = EventStoreDBClient.connectionString(node.url)
    running.push({ node, client })
    return { node, client }
  }

  it('keeps events, positions, metadata, deletions and known ids over a kill -9 and over a clean stop', async () => {
    const first = await start()
    const repeated = testEvents(3)
    await first.client.appendToStream('kept', repeated)
    await first.client.appendToStream('cut', testEvents(5))
    await first.client.setStreamMetadata('cut', { maxCount: 2 })
    await first.client.appendToStream('soft', testEvents(2))
    await first.client.deleteStream('soft')
    await first.client.appendToStream('gone', testEvent(0))
    await first.client.tombstoneStream('gone')
    const positions = async (client: EventStoreDBClient) =>
      (await all(client.readAll()))
        .filter(({ event }) => !event!.type.startsWith('$epoch'))
        .map(({ event }) => [event!.id, event!.position, event!.created])
    const before = await positions(first.client)
    await first.node.end('SIGKILL')

    const second = await start()
    assert.deepEqual(await positions(second.client), before)
    assert.deepEqual(await second.node.end('SIGTERM'), { code: 0, signal: null })

    const { client } = await start()
    assert.deepEqual(await positions(client), before)
    assert.equal((await client.appendToStream('kept', repeated)).nextExpectedRevision, 2n)
    assert.equal((await client.appendToStream('kept', repeated, { expectedRevision: NO_STREAM })).nextExpectedRevision, 2n)
    assert.deepEqual(revisionsOf(await all(client.readStream('kept'))), [0, 1, 2])
    assert.deepEqual(revisionsOf(await all(client.readStream('cut'))), [3, 4])
    await assert.rejects(all(client.readStream('gone')), { type: 'stream-deleted' })
    await assert.rejects(all(client.readStream('soft')), { type: 'stream-not-found' })
    await client.appendToStream('soft', testEvent(2))
    assert.deepEqual(revisionsOf(await all(client.readStream('soft'))), [2])
  })

  it('is the only one on its folder', async () => {
    await start()
    await assert.rejects(startNodeProcess({ db: db.path }), /ended \(1\).*in use by another event store node/s)
  })

  it('does not start on a damaged log, and says what to do', async () => {
    const { node, client } = await start()
    for (let i = 0; i < 5; i++) await client.appendToStream('s', testEvent(i))
    await node.end('SIGKILL')
    const file = join(db.path, 'events.log')
    const bytes = readFileSync(file)
    bytes[bytes.indexOf('"n":1')]! ^= 1
    writeFileSync(file, bytes)
    await assert.rejects(startNodeProcess({ db: db.path }), /ended \(1\).*the event log is damaged at byte \d+.*Restore the folder/s)
    assert.ok(readFileSync(file).equals(bytes))
  })

  it('refuses wrong flags with exit 2', () => {
    for (const flags of [
      [],
      ['--db', db.path],
      ['--db', db.path, '--insecure', '--node-port', '70000'],
      ['--db', db.path, '--insecure', '--nonsense'],
    ]) {
      const { status: code, stderr } = spawnSync(process.execPath, [...nodeArguments('embedded/eventstore/main'), ...flags], {
        encoding: 'utf8',
      })
      assert.equal(code, 2)
      assert.match(stderr, /^eventstore: /)
    }
  })

  it('on SIGTERM finishes what it accepted, cancels readers, refuses new appends and exits 0', async () => {
    const { node, client } = await start()
    const subscription = client.subscribeToAll()
    const failed = once(subscription, 'error')
    await once(subscription, 'caughtUp')
    const raw = rawGrpc(node.url)
    const open = raw.open(streamsService.StreamsService.append.path)
    const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from('half').toString('base64'))
    open.send(
      new streams.AppendReq().setOptions(new streams.AppendReq.Options().setStreamIdentifier(identifier).setAny(new shared.Empty())),
    )
    const accepted = client.appendToStream('last', testEvents(50))
    await accepted
    const ended = node.end('SIGTERM')
    const [error] = await failed
    assert.equal((error as { type: string }).type, 'cancelled')
    assert.equal((await open.ended)['grpc-status'], String(status.UNAVAILABLE))
    assert.deepEqual(await ended, { code: 0, signal: null })
    raw.close()
    const again = await start()
    assert.equal((await all(again.client.readStream('last'))).length, 50)
  })

  it('a disk that fails ends the node: no append is acknowledged that is not kept, the exit code is not 0', async () => {
    // the kernel refuses to let the log grow past 12 MiB (EFBIG), as a full disk would; the signal that comes with it is ignored
    const { node, client } = await start({ shell: "trap '' XFSZ; ulimit -f 12288" })
    const acked: number[] = []
    const event = (n: number) => ({ ...testEvent(n), data: { n, text: 'x'.repeat(200_000) } })
    let failure: unknown
    for (let n = 0; failure === undefined && n < 200; n++) {
      await client.appendToStream('filling', event(n)).then(
        () => acked.push(n),
        (error: unknown) => {
          failure = error
        },
      )
    }
    assert.ok(failure instanceof UnknownError || failure instanceof UnavailableError, String(failure))
    assert.equal((await node.exited).code, 1)
    assert.ok(acked.length > 10)
    await systemClock.sleep(50)
    const again = await start()
    const kept = (await all(again.client.readStream('filling'))).map(({ event: { data } = { data: {} } }) => (data as { n: number }).n)
    assert.deepEqual(kept.slice(0, acked.length), acked)
    assert.ok(kept.length <= acked.length + 1)
  })
})
