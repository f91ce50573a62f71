import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What one run of a contender measured: a value per metric, CPU milliseconds per operation, and whether nothing was lost or doubled. */
export interface RunOutcome {
  readonly metrics: Readonly<Record<string, number>>
  readonly cpuMs: number | null
  readonly correct: boolean
}

/** One line of the result file. A value without correctness counts as 0. */
export interface ResultLine {
  readonly contender: string
  readonly metric: string
  readonly values: readonly number[]
  readonly median: number
  readonly iqr: number
  readonly cpuMs: number | null
  readonly correct: boolean
}

/** Runs two contenders in the order A B B A, `rounds` times, so that a drift of the machine meets both alike. */
export const paired = async (
  contenders: readonly [string, string],
  rounds: number,
  run: (contender: string) => Promise<RunOutcome>,
): Promise<ResultLine[]> => {
  const [a, b] = contenders
  const outcomes = new Map<string, RunOutcome[]>([
    [a, []],
    [b, []],
  ])
  for (let round = 0; round < rounds; round++) for (const contender of [a, b, b, a]) outcomes.get(contender)!.push(await run(contender))
  return contenders.flatMap((contender) => summarise(contender, outcomes.get(contender)!))
}

/** Runs one contender `times` times. */
export const repeated = async (contender: string, times: number, run: () => Promise<RunOutcome>): Promise<ResultLine[]> => {
  const outcomes: RunOutcome[] = []
  for (let i = 0; i < times; i++) outcomes.push(await run())
  return summarise(contender, outcomes)
}

export const summarise = (contender: string, outcomes: readonly RunOutcome[]): ResultLine[] =>
  Object.keys(outcomes[0]?.metrics ?? {}).map((metric) => {
    const values = outcomes.map((o) => (o.correct ? rounded(o.metrics[metric] ?? 0) : 0))
    const cpu = outcomes.flatMap((o) => (o.cpuMs === null ? [] : [o.cpuMs]))
    return {
      contender,
      metric,
      values,
      median: quantile(values, 0.5),
      iqr: rounded(quantile(values, 0.75) - quantile(values, 0.25)),
      cpuMs: cpu.length === 0 ? null : quantile(cpu.map(rounded), 0.5),
      correct: outcomes.every((o) => o.correct),
    }
  })

/** Linear interpolation between the nearest ranks; 0 for no values. */
export const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)] ?? 0
  return rounded(low + ((sorted[Math.ceil(at)] ?? low) - low) * (at - Math.floor(at)))
}

/** Writes bench/results/<name>.json at the project's root, from the sources as from dist/. */
export const writeResults = (name: string, load: Readonly<Record<string, unknown>>, runs: readonly ResultLine[]): string => {
  const file = resultsFile(name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ machine: machine(), versions: versions(), load, runs }, null, 2)}\n`)
  return file
}

/** Lines that an earlier run wrote for the same load, of what `isNew` does not name: parts of a benchmark may be run by themselves. */
export const keptResults = (
  name: string,
  load: Readonly<Record<string, unknown>>,
  isNew: (line: ResultLine) => boolean,
): readonly ResultLine[] => {
  const file = resultsFile(name)
  if (!existsSync(file)) return []
  const before = JSON.parse(readFileSync(file, 'utf8')) as { load: unknown; runs: ResultLine[] }
  return JSON.stringify(before.load) === JSON.stringify(load) ? before.runs.filter((line) => !isNew(line)) : []
}

const resultsFile = (name: string): string => join(projectRoot(), 'bench', 'results', `${name}.json`)

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000

const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform}-${process.arch}`,
})

const versions = () => {
  const require = createRequire(import.meta.url)
  const of = (name: string): string =>
    (JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')) as { version: string }).version
  return {
    node: process.versions.node,
    ...Object.fromEntries(['@eventstore/db-client', 'express', '@solana/web3.js', 'litesvm', 'undici'].map((name) => [name, of(name)])),
  }
}

const projectRoot = (): string => {
  const here = dirname(dirname(fileURLToPath(import.meta.url)))
  return here.endsWith('dist') ? dirname(here) : here
}
