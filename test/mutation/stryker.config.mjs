// Mutation testing of the deciders: npm run -s mutation. Its tools live beside this file, so that nothing else has to install them.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  plugins: [require.resolve('@stryker-mutator/mocha-runner')],
  testRunner: 'mocha',
  testRunnerNodeArgs: ['--import', 'tsx'],
  mochaOptions: { spec: ['test/unit/commands/**/*.test.ts', 'test/unit/events/postings.test.ts'], config: 'test/mutation/mocharc.json' },
  mutate: (process.env.MUTATE ?? 'src/commands/{account,order,ledger,limits,transaction}/**/*.ts').split(':'),
  ignorePatterns: ['/dist', '/.quantbot', '/.test-data', '/bench/results', '/programs', '/docs'],
  // The compiler in this project has no API that the tool could use; tsx runs the sources as they are.
  tsconfigFile: 'none.json',
  coverageAnalysis: 'perTest',
  // A mutant that is active while its module loads needs a process of its own and all tests: twenty of them cost as much as all the others.
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 20_000,
  reporters: ['clear-text', 'json'],
  clearTextReporter: { logTests: false, reportTests: false, reportScoreTable: true },
  jsonReporter: { fileName: 'test/mutation/report.json' },
  tempDirName: '.test-data/mutation',
  thresholds: { high: 90, low: 85, break: 85 },
}
