import { equal, match } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** Runs one of the checks on a small tree of these files. */
const check = (script: string, files: Readonly<Record<string, string>>): { green: boolean; out: string } => {
  const dir = mkdtempSync(join(tmpdir(), 'quantbot-house-'))
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, file)), { recursive: true })
      writeFileSync(join(dir, file), text)
    }
    const ran = spawnSync(process.execPath, [resolve('scripts', script), dir], { encoding: 'utf8' })
    return { green: ran.status === 0, out: ran.stdout + ran.stderr }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const SOUND = {
  'src/platform/clock.ts': 'export const now = () => Date.now()\n',
  'src/events/order.ts': "import { now } from '../platform/clock.ts'\nexport type Order = { at: number }\nexport const at = now\n",
  'src/commands/decide.ts': "import type { Order } from '../events/order.ts'\nexport const decide = (order: Order) => order\n",
  'src/projections/orders.ts': "import type { Order } from '../events/order.ts'\nexport const row = (order: Order) => order\n",
  'src/embedded/redis/main.ts': "import { now } from '../../platform/clock.ts'\nexport const at = now\n",
  'src/main.ts': "import { decide } from './commands/decide.ts'\nexport const main = decide\n",
}

describe('the floors of the house', function () {
  this.timeout(60_000)

  it('hold in this project', () => {
    const ran = spawnSync(process.execPath, ['scripts/check-floors.mjs'], { encoding: 'utf8' })
    equal(ran.status, 0, ran.stdout + ran.stderr)
  })

  it('let a sound tree pass', () => {
    const { green, out } = check('check-floors.mjs', SOUND)
    equal(green, true, out)
    match(out, /6 modules, 5 imports, 0 faults/)
  })

  // One run for all: reading the tool itself takes a second, and each fault has a line of its own.
  const planted: readonly [string, string, string, string][] = [
    ['an import upwards', 'src/events/up.ts', "export { decide } from '../commands/decide.ts'\n", 'no-upwards-from-events'],
    [
      'an import upwards of types alone',
      'src/platform/up.ts',
      "import type { Order } from '../events/order.ts'\nexport type T = Order\n",
      'no-upwards-from-platform',
    ],
    ['a lazy import upwards', 'src/events/late.ts', "export const d = () => import('../commands/decide.ts')\n", 'no-upwards-from-events'],
    [
      'the write side that uses the read side',
      'src/commands/reads.ts',
      "export { row } from '../projections/orders.ts'\n",
      'write-and-read-side-apart',
    ],
    [
      'the read side that uses the write side',
      'src/projections/writes.ts',
      "export { decide } from '../commands/decide.ts'\n",
      'read-and-write-side-apart',
    ],
    [
      'a stand-in that uses the product',
      'src/embedded/redis/uses.ts',
      "import type { Order } from '../../events/order.ts'\nexport type T = Order\n",
      'embedded-stands-alone',
    ],
    ['a use of a stand-in', 'src/cli/redis.ts', "export { at } from '../embedded/redis/main.ts'\n", 'nobody-imports-embedded'],
    ['a folder without a floor', 'src/attic/box.ts', "export { now } from '../platform/clock.ts'\n", 'no-unknown-room'],
    ['a file that is not there', 'src/cli/lost.ts', "export { x } from '../commands/gone.ts'\n", 'no-unresolved'],
  ]
  describe('turn red for', () => {
    let red: ReturnType<typeof check>
    before(() => {
      red = check('check-floors.mjs', { ...SOUND, ...Object.fromEntries(planted.map(([, file, text]) => [file, text])) })
    })
    for (const [what, file, , rule] of planted) {
      it(what, () => {
        equal(red.green, false, red.out)
        match(red.out, new RegExp(`^FAULT ${rule}: ${file} → `, 'm'))
      })
    }
  })

  it('turn red for a circle of two folders that no two files form', () => {
    const { green, out } = check('check-floors.mjs', {
      ...SOUND,
      'src/rpc/a.ts': "import { row } from '../projections/orders.ts'\nexport const a = row\n",
      'src/rpc/b.ts': 'export const b = 1\n',
      'src/projections/c.ts': "import { b } from '../rpc/b.ts'\nexport const c = b\n",
    })
    equal(green, false, out)
    match(out, /no-circle-of-folders/)
  })

  it('turn red when the tool reads nothing', () => {
    const { green, out } = check('check-floors.mjs', {
      'src/platform/a.ts': 'export const a = 1\n',
      'src/platform/b.ts': 'export const b = 1\n',
    })
    equal(green, false, out)
    match(out, /no import was found/)
  })
})

describe('the rules of the house', () => {
  it('hold in this project', () => {
    const ran = spawnSync(process.execPath, ['scripts/check-house.mjs'], { encoding: 'utf8' })
    equal(ran.status, 0, ran.stdout)
  })

  it('let a sound tree pass', () => {
    equal(check('check-house.mjs', SOUND).green, true)
  })

  const planted: readonly [string, string, string, RegExp][] = [
    ['the wall clock', 'src/commands/now.ts', 'export const at = Date.now()\n', /clock or randomness/],
    ['a date of now', 'src/queries/now.ts', 'export const at = new Date()\n', /clock or randomness/],
    ['chance', 'src/rpc/jitter.ts', 'export const jitter = Math.random() * 10\n', /clock or randomness/],
    ['an id of chance', 'src/main.ts', "import { randomUUID } from 'node:crypto'\nexport const id = randomUUID()\n", /clock or randomness/],
    ['a long file', 'src/events/long.ts', '// line\n'.repeat(301), /301 lines/],
    ['a folder named by kind', 'src/events/utils/x.ts', 'export {}\n', /named by kind/],
    ['a file named by kind', 'src/rpc/connection-manager.ts', 'export {}\n', /named by kind/],
    ['a type that is none', 'src/rpc/x.ts', 'export const x = (y: any) => y\n', /escapes the type checker/],
    ['unfinished work', 'src/rpc/x.ts', `export {} // ${'TO'}DO\n`, /left undone/],
  ]
  for (const [what, file, text, fault] of planted) {
    it(`turn red for ${what}`, () => {
      const { green, out } = check('check-house.mjs', { ...SOUND, [file]: text })
      equal(green, false, out)
      match(out, fault)
    })
  }

  it('let a date of something, and a comment, pass', () => {
    const text = '// not Date.now()\nexport const day = (ms: number) => new Date(ms)\n'
    equal(check('check-house.mjs', { ...SOUND, 'src/queries/day.ts': text }).green, true)
  })
})
