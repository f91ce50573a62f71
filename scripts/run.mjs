// Runs one program to its end: arguments, stdio and signals go through, its exit code comes back. Never started twice.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'

// Ctrl-C reaches the whole process group by itself; a supervisor signals the launcher alone. Both must stop the program, once.
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGUSR2']

/** Resolves to the exit code, 128 + n for a program ended by signal n. What it says goes to the file descriptor `output`, if one is given. */
export function run(command, args, { cwd, env = process.env, output = 'inherit' } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['inherit', output, output] })
    const pass = (signal) => child.kill(signal)
    for (const signal of PASSED_ON) process.on(signal, pass)
    // In a terminal the program has had its own SIGINT; without one (kill -INT of the launcher) it has not.
    process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)))
  })
}

/** The same for a program of dist/, which has to be built by then: with the flags that all compiled processes run with. */
export async function runCompiled(args, options) {
  const { NODE_FLAGS } = await import('../dist/src/platform/node-flags.js')
  return run(process.execPath, [...NODE_FLAGS, ...args], options)
}
