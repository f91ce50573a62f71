import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { Clock } from '../../platform/clock.ts'
import { type ColumnReader, readerOf } from './csv-columns.ts'
import type { MarketSource, MarketTick } from './source.ts'

export interface ReplayOptions {
  /** CSV or CSV.gz of trades or of minute candles. */
  readonly file: string
  readonly symbol: string
  readonly clock: Clock
  /** `recorded`: as fast as it is taken, with the times of the file. A number: that many times as fast as it was, told as of now. */
  readonly pace: 'recorded' | number
  /** Ticks handed over at a time, at most. */
  readonly batch?: number
}

/** Ticks of a quarter of a second go out together: nobody decides faster, and a busy market then costs few calls. */
const STEP_MS = 250
const BATCH = 1_000

/** Replays a file of market data as a source. Asked again after a fault it goes on behind the last tick that was taken. @throws from the stream when the file is not one it can read */
export const replaySource = ({ file, symbol, clock, pace, batch = BATCH }: ReplayOptions): MarketSource => {
  const name = basename(file)
    .replace(/\.gz$/, '')
    .replace(/\.csv$/, '')
  let taken = 0

  const fromFile = async function* (): AsyncIterable<MarketTick> {
    let reader: ColumnReader | undefined
    let seen = 0
    for await (const line of linesOf(file)) {
      if (reader === undefined) {
        reader = readerOf(line)
        if (!reader) throw new Error(`${file}: neither trades nor candles: ${line.slice(0, 80)}`)
        continue
      }
      for (const { price, volume, time, sequence } of reader(line)) {
        if (++seen <= taken) continue
        yield { symbol, price, volume, time, sequence, sourceId: `replay:${name}:${sequence}` }
      }
    }
  }

  const recorded = async function* (signal: AbortSignal): AsyncIterable<readonly MarketTick[]> {
    let ticks: MarketTick[] = []
    for await (const tick of fromFile()) {
      if (signal.aborted) return
      if (ticks.push(tick) < batch) continue
      taken += ticks.length
      yield ticks
      ticks = []
    }
    taken += ticks.length
    if (ticks.length > 0) yield ticks
  }

  const paced = async function* (signal: AbortSignal, speed: number): AsyncIterable<readonly MarketTick[]> {
    let first: { readonly recorded: number; readonly started: number } | undefined
    let ticks: MarketTick[] = []
    const told = (): readonly MarketTick[] => {
      const now = clock.now()
      const due = ticks.map((tick) => ({ ...tick, time: now }))
      taken += due.length
      ticks = []
      return due
    }
    for await (const tick of fromFile()) {
      first ??= { recorded: tick.time, started: clock.now() }
      const wait = first.started + (tick.time - first.recorded) / speed - clock.now()
      if (ticks.length > 0 && (wait > STEP_MS || ticks.length >= batch)) yield told()
      if (wait > STEP_MS) await clock.sleep(wait, signal).catch(() => undefined)
      if (signal.aborted) return
      ticks.push(tick)
    }
    if (ticks.length > 0) yield told()
  }

  return { name: `replay:${name}`, silenceMs: null, stream: (signal) => (pace === 'recorded' ? recorded(signal) : paced(signal, pace)) }
}

async function* linesOf(file: string): AsyncIterable<string> {
  const raw = createReadStream(file)
  // the callback form hands a fault of either stream to whoever reads the last one
  const bytes = file.endsWith('.gz') ? pipeline(raw, createGunzip(), () => undefined) : raw
  bytes.setEncoding('utf8')
  let rest = ''
  for await (const chunk of bytes) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield line.trimEnd()
  }
  if (rest !== '') yield rest
}
