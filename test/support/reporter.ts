import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import Mocha, { type Runner, type Suite, type Test } from 'mocha'
import { skipReason } from './skip.ts'

const { EVENT_RUN_END, EVENT_SUITE_BEGIN, EVENT_SUITE_END, EVENT_TEST_FAIL, EVENT_TEST_PASS, EVENT_TEST_PENDING, EVENT_TEST_RETRY } =
  Mocha.Runner.constants

// Slower than this is worth seeing: the whole suite has minutes, not hours.
const SLOW_MS = 500

/** Where the launcher reads the result from, so that its closing line really is the last one. */
export const SUMMARY_FILE = 'QUANTBOT_TEST_SUMMARY'

/** Spec-like output; skipped tests tell why, failures come with their file, and the last line is `N passed, N failed[, N skipped]`. */
export default class Reporter extends Mocha.reporters.Base {
  constructor(runner: Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    let depth = 0
    const say = (text: string) => process.stdout.write(`${text}\n`)
    const line = (text: string) => say(`${'  '.repeat(depth)}${text}`)

    runner.on(EVENT_SUITE_BEGIN, (suite: Suite) => {
      if (suite.root) return
      line(suite.title)
      depth++
    })
    runner.on(EVENT_SUITE_END, (suite: Suite) => {
      if (!suite.root) depth--
    })
    runner.on(EVENT_TEST_PASS, (test: Test) => {
      const took = test.duration ?? 0
      line(`✔ ${test.title}${took >= SLOW_MS ? ` (${took} ms)` : ''}`)
    })
    runner.on(EVENT_TEST_PENDING, (test: Test) => line(`- skipped: ${test.title}: ${skipReason(test) ?? 'no reason given'}`))
    // a retry is never silent: a test that needs one now and then is a fault to look for
    runner.on(EVENT_TEST_RETRY, (test: Test, error: Error) => line(`↻ again: ${test.title}: ${error.message.split('\n')[0]}`))
    runner.on(EVENT_TEST_FAIL, (test: Test) => line(`✖ ${test.title}`))
    runner.once(EVENT_RUN_END, () => {
      if (this.failures.length > 0) {
        Mocha.reporters.Base.list(this.failures)
        for (const test of this.failures) if (test.file) say(`  ${sourceOf(test.file)}: ${test.fullTitle()}`)
      }
      const { passes, failures, pending } = this.stats
      const counts = { passed: passes, failed: failures, skipped: pending }
      const file = process.env[SUMMARY_FILE]
      if (file) writeFileSync(file, JSON.stringify(counts))
      else say(`\n${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ''}`)
    })
  }
}

/** The file as it is written, also where its compiled form ran. */
const sourceOf = (file: string): string => relative('.', file).replace(/^dist\/(.*)\.js$/, '$1.ts')
