import { relative } from 'node:path'
import type { Context, Suite } from 'mocha'
import { closeServices } from './services.ts'

// Tests on real processes measure milliseconds on a machine that others use; the reporter prints each retry. Unit and contract tests get
// none: a property that failed once has found something.
const RETRIES = 2
const ON_PROCESSES = /^(dist\/)?test\/(integration|e2e)\//

const allowRetries = (suite: Suite): void => {
  for (const test of suite.tests) if (test.file && ON_PROCESSES.test(relative('.', test.file))) test.retries(RETRIES)
  for (const inner of suite.suites) allowRetries(inner)
}

export const mochaHooks = {
  beforeAll(this: Context) {
    allowRetries(this.test?.parent as Suite)
  },
  async afterAll(this: Context) {
    // Stopping writes out what hundreds of tests left in the databases.
    this.timeout(120_000)
    await closeServices()
  },
}
