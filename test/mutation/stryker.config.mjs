// Mutation testing of the deciders: npm run -s mutation. Its tools live beside this file, so that nothing else has to install them.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const here = (file) => fileURLToPath(new URL(file, import.meta.url))

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  plugins: [require.resolve('@stryker-mutator/mocha-runner'), here('ignored.mjs')],
  ignorers: ['prose'],
  testRunner: 'mocha',
  testRunnerNodeArgs: ['--import', 'tsx'],
  mochaOptions: {
    spec: ['test/unit/commands/**/*.test.ts', 'test/unit/events/postings.test.ts'],
    // a few seconds each for every mutant that they cover, which is nearly all: their histories are for `npm test`
    ignore: ['test/unit/commands/{account-properties,snapshot-size,fold-hash}.test.ts'],
    // likewise: 100,000 orders for every mutant of the known ids
    grep: '^(?!.*are the last 100,000)',
    config: 'test/mutation/mocharc.json',
  },
  mutate: (process.env.MUTATE ?? 'src/commands/{account,order,ledger,limits,control,allotment,algo,transaction}/**/*.ts').split(':'),
  ignorePatterns: ['/dist', '/.quantbot', '/.test-data', '/bench', '/programs', '/docs', '/web', '/deploy'],
  // The compiler in this project has no API that the tool could use; tsx runs the sources as they are.
  tsconfigFile: 'none.json',
  coverageAnalysis: 'perTest',
  // A mutant that is active while its module loads needs a process of its own and all tests: twenty of them cost as much as all the others.
  ignoreStatic: true,
  // what an unchanged test has killed stays killed: the second run costs as much as what has changed
  incremental: true,
  incrementalFile: 'test/mutation/incremental.json',
  concurrency: 2,
  timeoutMS: 20_000,
  reporters: ['clear-text', 'json'],
  clearTextReporter: { logTests: false, reportTests: false, reportMutants: false, reportScoreTable: true },
  jsonReporter: { fileName: 'test/mutation/report.json' },
  tempDirName: '.test-data/mutation',
  thresholds: { high: 90, low: 85, break: 85 },
}
