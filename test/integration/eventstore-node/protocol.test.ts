import assert from 'node:assert/strict'
import { EventStoreDBClient } from '@eventstore/db-client'
import persistent from '@eventstore/db-client/generated/persistent_grpc_pb.js'
import serverFeatures from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import featureMessages from '@eventstore/db-client/generated/serverfeatures_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'
import { status } from '@grpc/grpc-js'
import emptyMessages from 'google-protobuf/google/protobuf/empty_pb.js'
import timestampMessages from 'google-protobuf/google/protobuf/timestamp_pb.js'
import { systemClock } from '../../../src/platform/clock.ts'
import { systemIds } from '../../../src/platform/ids.ts'
import { skipBecause } from '../../support/skip.ts'
import { all, testEvents } from './events.ts'
import { rawGrpc } from './raw-grpc.ts'
import { serverUnderTest } from './server-under-test.ts'

const { read, batchAppend, append } = streamsService.StreamsService

describe('event store: what the wire carries', () => {
  const server = serverUnderTest()
  let raw: ReturnType<typeof rawGrpc>
  before(() => {
    raw = rawGrpc(server.url)
  })
  after(() => raw.close())

  const identifier = (stream: string) => new shared.StreamIdentifier().setStreamName(Buffer.from(stream).toString('base64'))

  const readRequest = (stream: string, subscribe: boolean, uuid: streams.ReadReq.Options.UUIDOption) => {
    const from = new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(identifier(stream)).setStart(new shared.Empty())
    const options = new streams.ReadReq.Options().setStream(from).setNoFilter(new shared.Empty()).setUuidOption(uuid)
    if (subscribe) options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions())
    else options.setCount('1000')
    return new streams.ReadReq().setOptions(options)
  }
  const asText = () => new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty())

  it('ids go out as text or as two numbers, as the reader asks', async () => {
    const stream = server.streamName('uuid')
    const events = testEvents(3)
    await server.client.appendToStream(stream, events)
    const call = raw.open(read.path)
    call.send(readRequest(stream, false, new streams.ReadReq.Options.UUIDOption().setStructured(new shared.Empty())))
    call.stream.end()
    assert.equal((await call.ended)['grpc-status'], '0')
    const ids = call.messages.map((bytes) => streams.ReadResp.deserializeBinary(bytes).getEvent()?.getEvent()?.getId()?.getStructured())
    const text = ids
      .filter((id) => id !== undefined)
      .map((id) => {
        const hex = [id.getMostSignificantBits(), id.getLeastSignificantBits()].map((bits) =>
          BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0'),
        )
        return hex.join('')
      })
    assert.deepEqual(
      text,
      events.map(({ id }) => id.replaceAll('-', '')),
    )
  })

  it('ids come in as two numbers, too, and name the same event', async () => {
    const stream = server.streamName('structured')
    const [event] = testEvents(1)
    const hex = event!.id.replaceAll('-', '')
    const bits = [hex.slice(0, 16), hex.slice(16)].map((half) => BigInt.asIntN(64, BigInt(`0x${half}`)).toString())
    const id = new shared.UUID().setStructured(
      new shared.UUID.Structured().setMostSignificantBits(bits[0]!).setLeastSignificantBits(bits[1]!),
    )
    const call = raw.open(append.path)
    const options = new streams.AppendReq.Options().setStreamIdentifier(identifier(stream)).setAny(new shared.Empty())
    call.send(new streams.AppendReq().setOptions(options))
    const message = new streams.AppendReq.ProposedMessage().setId(id).setData(Buffer.from('{}').toString('base64'))
    message.getMetadataMap().set('type', 'counted').set('content-type', 'application/json')
    call.send(new streams.AppendReq().setProposedMessage(message))
    call.stream.end()
    assert.equal((await call.ended)['grpc-status'], '0')
    await server.client.appendToStream(stream, event!)
    const stored = await all(server.client.readStream(stream))
    assert.deepEqual(
      stored.map((resolved) => resolved.event!.id),
      [event!.id],
    )
  })

  const batchRequest = (stream: string, deadline: Date, properties: Record<string, string>) => {
    const correlationId = new shared.UUID().setString(systemIds.uuid())
    const message = new streams.BatchAppendReq.ProposedMessage().setId(new shared.UUID().setString(systemIds.uuid()))
    for (const [key, value] of Object.entries(properties)) message.getMetadataMap().set(key, value)
    const options = new streams.BatchAppendReq.Options()
      .setStreamIdentifier(identifier(stream))
      .setAny(new emptyMessages.Empty())
      .setDeadline(timestampMessages.Timestamp.fromDate(deadline))
    return new streams.BatchAppendReq()
      .setCorrelationId(correlationId)
      .setOptions(options)
      .setProposedMessagesList([message])
      .setIsFinal(true)
  }
  const PROPERTIES = { type: 't', 'content-type': 'application/json' }
  const soon = () => new Date(systemClock.now() + 10_000)

  it('a batch append past its deadline is answered Timeout, a malformed one with an error of its own, and the call goes on', async function () {
    if (process.env.EVENTSTORE_URL !== undefined)
      skipBecause(this, 'EVENTSTORE_URL: 24.6 tells the Timeout a second time, under an id of its own')
    const stream = server.streamName('deadline')
    const call = raw.open(batchAppend.path)
    call.send(batchRequest(stream, new Date(systemClock.now() - 1_000), PROPERTIES))
    call.send(batchRequest(stream, soon(), { type: 't' }))
    call.send(batchRequest(stream, soon(), PROPERTIES))
    while (call.messages.length < 3) await systemClock.sleep(5)
    const answers = call.messages.map((bytes) => streams.BatchAppendResp.deserializeBinary(bytes))
    const errors = answers.flatMap((answer) => answer.getError()?.getDetails()?.getTypeName() ?? [])
    assert.deepEqual(errors.sort(), ['event_store.client.BadRequest', 'event_store.client.Timeout'])
    assert.equal(answers.filter((answer) => answer.hasSuccess()).length, 1)
    call.stream.end()
    assert.equal((await call.ended)['grpc-status'], '0')
    assert.equal((await all(server.client.readStream(stream))).length, 1)
  })

  it('a reader that stops reading holds up nobody, and gets everything when it goes on', async () => {
    const stream = server.streamName('slow')
    const own = rawGrpc(server.url)
    const call = own.open(read.path)
    call.send(readRequest(stream, true, asText()))
    call.stream.end()
    call.stream.pause()
    const text = 'x'.repeat(10_000)
    for (let i = 0; i < 30; i++) {
      await server.client.appendToStream(
        stream,
        testEvents(20, i * 20).map((event) => ({ ...event, data: { ...event.data, text } })),
      )
    }
    assert.equal((await all(server.client.readStream(stream))).length, 600)
    call.stream.resume()
    const received = () => call.messages.map((bytes) => streams.ReadResp.deserializeBinary(bytes)).filter((message) => message.hasEvent())
    while (call.messages.length < 602) await systemClock.sleep(10)
    assert.deepEqual(
      received().map((message) => Number(message.getEvent()!.getEvent()!.getStreamRevision())),
      testEvents(600).map(({ data }) => data.n),
    )
    call.stream.close()
    own.close()
  })

  it('what is not served is answered as not implemented and not listed in the features', async function () {
    if (process.env.EVENTSTORE_URL !== undefined) skipBecause(this, 'EVENTSTORE_URL: a real server has persistent subscriptions')
    const { path } = persistent.PersistentSubscriptionsService.create
    const call = raw.open(path)
    call.stream.end()
    assert.equal((await call.ended)['grpc-status'], String(status.UNIMPLEMENTED))
    const asked = raw.open(serverFeatures.ServerFeaturesService.getSupportedMethods.path)
    asked.send(new shared.Empty())
    asked.stream.end()
    await asked.ended
    const features = featureMessages.SupportedMethods.deserializeBinary(asked.messages[0]!)
    const methods = features.getMethodsList().map((method) => `/${method.getServiceName()}/${method.getMethodName()}`)
    assert.equal(features.getEventStoreServerVersion(), '24.6.0')
    assert.ok(methods.includes(batchAppend.path.toLowerCase()))
    assert.ok(!methods.some((method) => method.includes('persistent')))
  })

  it('is discovered through gossip', async function () {
    if (process.env.EVENTSTORE_URL !== undefined) skipBecause(this, 'EVENTSTORE_URL: its gossip names addresses of its own')
    const client = EventStoreDBClient.connectionString(server.url.replace('esdb:', 'esdb+discover:'))
    const stream = server.streamName('gossip')
    await client.appendToStream(stream, testEvents(1))
    assert.equal((await all(client.readStream(stream))).length, 1)
    await client.dispose()
  })
})
