// Mutation testing of the deciders: npm run -s mutation. Its tools live beside this file, so that nothing else has to install them.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
const here = (file) => fileURLToPath(new URL(file, import.meta.url))

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  plugins: [require.resolve('@stryker-mutator/mocha-runner'), here('ignored.mjs'), here('as-found.mjs')],
  ignorers: ['prose'],
  testRunner: 'mocha',
  testRunnerNodeArgs: ['--import', 'tsx'],
  mochaOptions: {
    // SPEC=test/unit/commands/limits.test.ts takes fewer, several with colons
    spec: (process.env.SPEC ?? 'test/unit/commands/**/*.test.ts:test/unit/events/postings.test.ts').split(':'),
    // Not the properties: a few seconds for every mutant that they reach, which is nearly all, and a score that would be a matter of luck.
    ignore: ['test/unit/commands/{account-properties,snapshot-size,fold-hash}.test.ts'],
    grep: '^(?!.*(are the last 100,000|never exceed one, however|never exceed it at any position|places no slice twice))',
    config: 'test/mutation/mocharc.json',
  },
  // deciders alone: what reads streams and asks other accounts is tried by integration tests on a real store
  mutate: (
    process.env.MUTATE ??
    [
      'src/commands/{account,order,ledger,limits,control,allotment,algo,transaction}/**/*.ts',
      'src/commands/strategy/decide.ts',
      'src/commands/instrument/decide-*.ts',
      '!src/commands/control/{change-control,control-document}.ts',
      '!src/commands/allotment/{desk,with-allotments}.ts',
    ].join(':')
  ).split(':'),
  // not copied: no unit test of the commands reads them
  ignorePatterns: ['/dist', '/.quantbot', '/.test-data', '/bench', '/programs', '/docs', '/web', '/deploy', '/migrations'].concat(
    ['/src/embedded', '/src/queries', '/src/projections', '/src/cli', '/src/main'],
    ['/test/integration', '/test/e2e', '/test/contract', '/test/soak'],
  ),
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
  reporters: ['clear-text', 'json', 'as-found'],
  clearTextReporter: { logTests: false, reportTests: false, reportMutants: false, reportScoreTable: true },
  jsonReporter: { fileName: 'test/mutation/report.json' },
  tempDirName: '.test-data/mutation',
  thresholds: { high: 90, low: 85, break: 85 },
}
