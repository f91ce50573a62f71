// Stands for the product's main process, so that a test can kill it: supervises the parts named on the command line (name=behaviour).
import { createLog } from '../../../src/platform/log.ts'
import { superviseParts } from '../../../src/platform/supervisor.ts'

const [dataDir = '', ...parts] = process.argv.slice(2)
const supervisor = superviseParts({ dataDir, log: createLog('stand-in', 'silent') })
for (const part of parts) {
  const [name = '', behaviour = ''] = part.split('=')
  await supervisor.start({ name, entry: '../test/unit/platform-supervisor/part', args: ([port]) => [behaviour, String(port)] })
}
process.stdout.write('started\n')
