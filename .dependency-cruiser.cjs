// The floors of the house, ground first: platform, events | commands, rpc, projections | settlement, queries, audit | cli, scaling, simulation | main.
// A file imports its own floor or lower ones. `commands` and `projections` meet only in `events`; `audit` may use `evolve` of commands.
const FLOORS = [['platform'], ['events'], ['commands', 'rpc', 'projections'], ['settlement', 'queries', 'audit'], ['cli', 'scaling', 'simulation'], ['main']]

/** Files of a room: src/<room>/… and src/<room>.ts. */
const room = (...names) => `^src/(${names.join('|')})(/|\\.ts$)`

const upwards = FLOORS.slice(0, -1).map((names, floor) => ({
  name: `no-upwards-from-${names.join('-')}`,
  severity: 'error',
  comment: `${names.join(', ')} may import only what lies on their floor or below`,
  from: { path: room(...names) },
  to: { path: room(...FLOORS.slice(floor + 1).flat()) },
}))

const ROOMS = [...FLOORS.flat(), 'embedded']

module.exports = {
  forbidden: [
    ...upwards,
    {
      name: 'write-and-read-side-apart',
      severity: 'error',
      comment: 'commands and projections know each other only through events',
      from: { path: room('commands') },
      to: { path: room('projections') },
    },
    {
      name: 'read-and-write-side-apart',
      severity: 'error',
      comment: 'commands and projections know each other only through events',
      from: { path: room('projections') },
      to: { path: room('commands') },
    },
    {
      name: 'embedded-stands-alone',
      severity: 'error',
      comment: 'stand-ins speak the real protocols: they use nothing of ours but platform',
      from: { path: room('embedded') },
      to: { path: room(...ROOMS.filter((name) => name !== 'embedded' && name !== 'platform')) },
    },
    {
      name: 'nobody-imports-embedded',
      severity: 'error',
      comment: 'embedded parts are started as child processes by path',
      from: { path: '^src/', pathNot: room('embedded') },
      to: { path: room('embedded') },
    },
    {
      name: 'no-unknown-room',
      severity: 'error',
      comment: 'every folder of src/ has a floor: give a new one its place here and in the design',
      from: { path: '^src/', pathNot: room(...ROOMS) },
      to: {},
    },
    { name: 'no-circle', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: { path: '^src/' }, to: { couldNotResolve: true } },
    { name: 'no-dev-dependency', severity: 'error', from: { path: '^src/' }, to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'] } },
    { name: 'no-way-out-of-src', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench|scripts|dist)/' } },
    {
      name: 'no-circle-of-folders',
      severity: 'error',
      comment: 'two folders may not use each other both ways, even where no two files form a circle',
      scope: 'folder',
      from: { path: '^src/' },
      to: { circular: true, path: '^src/' },
    },
  ],
  options: {
    // TypeScript 7 has no compiler API: swc reads the sources. Without a parser no file would be read, and nothing found wrong
    // (check-floors.mjs compares the number of files).
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'], extensions: ['.ts', '.js', '.json'] },
  },
}
