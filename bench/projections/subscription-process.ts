// The ceiling: the subscription alone, as the product takes it, every event parsed by the client and thrown away.
import { contend } from './contender.ts'
import { readLog } from './read-log.ts'

await contend('subscription', async (task) => {
  for await (const _events of readLog(task));
  return 0
})
