import { type Clock, monotonicMs, systemClock } from './clock.ts'
import { freePorts } from './free-ports.ts'
import type { Logger } from './log.ts'
import { type PartAnnouncement, type PartProcess, spawnPart } from './part-process.ts'
import { removeRunFile, writePartRunFile } from './runfile.ts'

export type { PartAnnouncement } from './part-process.ts'

/** A part that runs as a child process of ours. */
export interface PartSpec {
  readonly name: string
  /** Its module below src/, without extension: `embedded/eventstore/main`. */
  readonly entry: string
  /** How many ports it listens on; 1 when left out. */
  readonly portCount?: number
  /** Its command line for the ports it is given; a restarted part is given the same ones. */
  readonly args: (ports: readonly number[]) => readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Time it may take until READY; two minutes when left out. */
  readonly readyTimeoutMs?: number
}

export type PartState = 'starting' | 'running' | 'restarting' | 'unavailable' | 'stopped'

export interface PartChange {
  readonly name: string
  readonly state: PartState
  readonly reason?: string
}

export type PartOutcome =
  | { readonly ok: true; readonly announcement: PartAnnouncement; readonly tookMs: number }
  /** This machine can't provide the part. */
  | { readonly ok: false; readonly reason: string }

export interface Supervisor {
  /** Starts a part and keeps it running until `stop`; rejects when it breaks before it was ever ready. */
  start(spec: PartSpec): Promise<PartOutcome>
  /** The state of every part started, for readiness. */
  states(): ReadonlyMap<string, PartState>
  /** Stops all parts, last started first. */
  stop(): Promise<void>
}

export interface SupervisorOptions {
  readonly dataDir: string
  readonly log: Logger
  readonly clock?: Clock
  /** Told of every change of a part's state. */
  readonly onChange?: (change: PartChange) => void
}

// First start: an apt-get or an initdb on a slow disk; a restart: recovery of a large log.
const READY_TIMEOUT_MS = 120_000
// Another process may take a port between the probe and the part's own listen.
const FIRST_TRIES = 3
// A part that dies at once is not started in a tight loop, and one that died once is back long before the promised 10 s.
const FIRST_BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 2_000
// A part that has run this long was healthy: its next death starts again with the shortest wait.
const HEALTHY_MS = 10_000
const STOPPED_EARLY = 'stopped while it was starting'

interface Supervised {
  readonly spec: PartSpec
  ports: readonly number[]
  state: PartState
  process: PartProcess | undefined
  /** The loop that restarts it; settles after `stop`. */
  watching: Promise<void>
}

/** Runs parts as child processes: run files, restarts on the same ports, orderly stop. Claim the data folder first (data-folder.ts). */
export const superviseParts = ({ dataDir, log, clock = systemClock, onChange }: SupervisorOptions): Supervisor => {
  const parts: Supervised[] = []
  const stopping = new AbortController()

  const change = (part: Supervised, state: PartState, reason?: string) => {
    part.state = state
    onChange?.({ name: part.spec.name, state, ...(reason === undefined ? {} : { reason }) })
  }

  const launch = async (part: Supervised) => {
    const { entry, args, env = {}, readyTimeoutMs = READY_TIMEOUT_MS } = part.spec
    const child = spawnPart(entry, args(part.ports), env, readyTimeoutMs)
    part.process = child
    const start = await child.started
    if (start.kind === 'ready') {
      const { port, url, pid = child.pid } = start.announcement
      await writePartRunFile(dataDir, part.spec.name, { pid, port, ...(url === undefined ? {} : { url }) }, child.pid)
    } else await child.stop()
    return start
  }

  /** Waits for the part's end and starts it again, until we stop or it can't be had any more. */
  const keepRunning = async (part: Supervised, signal: AbortSignal) => {
    let backoff = FIRST_BACKOFF_MS
    let readyAt = monotonicMs()
    for (;;) {
      const end = await part.process?.ended
      await removeRunFile(dataDir, part.spec.name)
      if (signal.aborted) return
      const reason = end?.signal ? `killed by ${end.signal}` : `ended with ${end?.code}`
      log.warn({ part: part.spec.name, reason }, 'part died, starting it again')
      change(part, 'restarting', reason)
      if (monotonicMs() - readyAt > HEALTHY_MS) backoff = FIRST_BACKOFF_MS
      for (;;) {
        await clock.sleep(backoff, signal).catch(() => {})
        if (signal.aborted) return
        backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS)
        const start = await launch(part)
        if (signal.aborted) return
        if (start.kind === 'ready') break
        log.warn({ part: part.spec.name, reason: start.reason }, 'part could not be started again')
        if (start.kind === 'unavailable') return change(part, 'unavailable', start.reason)
      }
      readyAt = monotonicMs()
      log.info({ part: part.spec.name }, 'part is back')
      change(part, 'running')
    }
  }

  const firstStart = async (part: Supervised): Promise<PartOutcome> => {
    const began = monotonicMs()
    for (let tries = 1; ; tries++) {
      part.ports = await freePorts(part.spec.portCount ?? 1)
      if (stopping.signal.aborted) return { ok: false, reason: STOPPED_EARLY }
      const start = await launch(part)
      if (stopping.signal.aborted) return { ok: false, reason: STOPPED_EARLY }
      if (start.kind === 'ready') {
        change(part, 'running')
        part.watching = keepRunning(part, stopping.signal)
        return { ok: true, announcement: start.announcement, tookMs: monotonicMs() - began }
      }
      if (start.kind === 'unavailable') {
        change(part, 'unavailable', start.reason)
        return { ok: false, reason: start.reason }
      }
      if (start.kind === 'silent' || tries === FIRST_TRIES) {
        change(part, 'stopped', start.reason)
        throw new Error(`${part.spec.name}: ${start.reason}`)
      }
    }
  }

  return {
    start: async (spec) => {
      if (stopping.signal.aborted) throw new Error(`${spec.name}: the supervisor has been stopped`)
      const part: Supervised = { spec, ports: [], state: 'starting', process: undefined, watching: Promise.resolve() }
      parts.push(part)
      change(part, 'starting')
      return firstStart(part)
    },
    states: () => new Map(parts.map((part) => [part.spec.name, part.state])),
    stop: async () => {
      stopping.abort()
      for (const part of [...parts].reverse()) {
        await part.process?.stop()
        await part.watching
        // A restart may have been under way when we began to stop.
        await part.process?.stop()
        await removeRunFile(dataDir, part.spec.name)
        if (part.state !== 'unavailable') change(part, 'stopped')
      }
    },
  }
}
