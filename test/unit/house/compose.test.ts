import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { readConfig } from '../../../src/platform/config.ts'

interface Service {
  readonly image?: string
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly healthcheck?: object
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly profiles?: readonly string[]
}

const text = readFileSync('docker-compose.yml', 'utf8')
const compose = parse(text, { merge: true }) as { services: Record<string, Service>; volumes: Record<string, unknown> }
const example = readFileSync('deploy/compose.env.example', 'utf8')
const ROLES = ['commands', 'settlement', 'projector', 'queries']
const service = (name: string): Service => compose.services[name] ?? {}

/** The example's variables with passwords filled in, put into a text the way compose does. */
const filled = (value: string): string => {
  const values = Object.fromEntries([...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, given]) => [name, given || 'secret']))
  return value.replace(/\$\{([A-Z_]+)(?::[?-][^}]*)?\}/g, (_, name: string) => values[name] ?? '')
}

describe('docker-compose.yml (read as a file: this needs no docker)', () => {
  it('runs the real services and every role of one image', () => {
    deepEqual(
      ['eventstore', 'postgres', 'redis', ...ROLES].filter((name) => !(name in compose.services)),
      [],
    )
    deepEqual([...new Set(ROLES.map((name) => service(name).image))], ['quant-bot:local'])
    for (const role of ROLES) deepEqual(service(role).command, ['--role', role])
    match(service('eventstore').image ?? '', /^(eventstore\/eventstore|kurrentplatform\/kurrentdb):\d/)
    match(service('postgres').image ?? '', /^postgres:\d/)
    match(service('redis').image ?? '', /^redis:7/)
    equal(service('eventstore').environment?.EVENTSTORE_MEM_DB, 'false')
  })

  it('gives each role a configuration that the product accepts', () => {
    for (const role of ROLES) {
      const environment = Object.fromEntries(Object.entries(service(role).environment ?? {}).map(([name, value]) => [name, filled(value)]))
      const outcome = readConfig(service(role).command ?? [], environment)
      ok(outcome.ok, `${role}: ${outcome.ok ? '' : outcome.message}`)
      equal(outcome.config.databaseUrls?.length, 4)
      for (const url of [...(outcome.config.databaseUrls ?? []), outcome.config.eventStoreUrl, outcome.config.redisUrl]) {
        const host = new URL((url ?? '').replace(/^(esdb|redis|postgres):/, 'http:')).hostname
        ok(host in compose.services, `${role}: there is no service ${host}`)
      }
    }
  })

  it('makes the database of every shard', () => {
    const urls = filled(service('migrate').environment?.DATABASE_URLS ?? '').split(',')
    const made = [
      service('postgres').environment?.POSTGRES_DB,
      ...[...readFileSync('deploy/postgres/databases.sql', 'utf8').matchAll(/CREATE DATABASE (\w+)/g)].map((m) => m[1]),
    ]
    deepEqual(
      urls.map((url) => new URL(url).pathname.slice(1)),
      made,
    )
  })

  it('starts a role when its services are healthy and the databases migrated', () => {
    for (const role of ROLES) {
      for (const [name, { condition }] of Object.entries(service(role).depends_on ?? {})) {
        ok(name in compose.services)
        if (condition === 'service_healthy') ok(service(name).healthcheck, `${name} has no health check`)
      }
      equal(service(role).depends_on?.migrate?.condition, 'service_completed_successfully')
    }
    match(readFileSync('Dockerfile', 'utf8'), /HEALTHCHECK[\s\S]*\/health\/ready/)
  })

  it('keeps what must not be lost in volumes, and publishes on this machine alone', () => {
    for (const [name, { volumes = [], ports = [] }] of Object.entries(compose.services)) {
      for (const volume of volumes.filter((one) => !one.startsWith('.'))) ok(volume.split(':')[0]! in compose.volumes, `${name}: ${volume}`)
      for (const port of ports) match(port, /^127\.0\.0\.1:/)
    }
    for (const name of ['eventstore', 'postgres', 'commands', 'settlement']) ok((service(name).volumes ?? []).length > 0)
  })

  it('holds no secret, and lets settlement alone unlock the wallets', () => {
    deepEqual(`${text}\n${example}`.match(/PASSWORD(: +|=)[^\s$].*|:\/\/[^:/\s]+:[^$@\s]+@.*/g), null)
    deepEqual(
      Object.keys(compose.services).filter((name) => 'QUANTBOT_KEYSTORE_PASSWORD' in (service(name).environment ?? {})),
      ['settlement'],
    )
    match(readFileSync('deploy/.gitignore', 'utf8'), /^compose\.env$/m)
  })

  it('starts programs that exist, as an ordinary user', () => {
    const dockerfile = readFileSync('Dockerfile', 'utf8')
    for (const { entrypoint } of Object.values(compose.services)) if (entrypoint?.[0] === 'node') ok(existsSync(entrypoint[1] ?? ''))
    for (const [, from] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm))
      for (const file of (from ?? '').split(' ')) ok(existsSync(file), file)
    match(dockerfile, /^USER node$/m)
  })
})
