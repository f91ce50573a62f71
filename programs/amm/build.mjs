#!/usr/bin/env node
// node programs/amm/build.mjs           compiles amm.c and writes amm.so
// node programs/amm/build.mjs --check   compiles and compares with the committed amm.so, byte for byte
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { link } from './link.mjs'

// Other versions of clang give other bytes, so a rebuild is compared only under this one.
const CLANG = process.env.AMM_CLANG ?? 'clang-19'
const FLAGS = [
  '-target', 'bpf',
  '-mcpu=v2', // the instruction set of the first VM generation
  '-O2',
  '-ffreestanding', '-fno-builtin', '-fno-stack-protector',
  '-fno-jump-tables', // the VM has no indirect jumps
  '-fno-ident',
  '-mllvm', '-bpf-stack-size=4096', // a frame of the VM, where the kernel's would be 512
  '-Wall', '-Wextra', '-Werror',
]

const here = dirname(fileURLToPath(import.meta.url))
const target = join(here, 'amm.so')
const version = spawnSync(CLANG, ['--version'], { encoding: 'utf8' })
if (version.status !== 0) {
  process.stdout.write(`skipped: ${CLANG} is not installed, amm.so is taken as committed\n`)
  process.exit(0)
}
const scratch = mkdtempSync(join(tmpdir(), 'amm-'))
try {
  const object = join(scratch, 'amm.o')
  // Run in the source folder with relative names, so that no path of this machine reaches the object.
  const compiled = spawnSync(CLANG, [...FLAGS, '-c', 'amm.c', '-o', object], { cwd: here, stdio: 'inherit' })
  if (compiled.status !== 0) process.exit(1)
  const built = link(readFileSync(object))
  if (process.argv.includes('--check')) {
    const same = built.equals(readFileSync(target))
    process.stdout.write(same ? `ok: amm.so is what amm.c gives (${built.length} bytes)\n` : `differs: amm.so is not what amm.c gives with ${version.stdout.split('\n')[0]}\n`)
    process.exitCode = same ? 0 : 1
  } else {
    writeFileSync(target, built)
    process.stdout.write(`amm.so ${built.length} bytes\n`)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
