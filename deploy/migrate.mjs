// Brings every shard's database to the newest schema, once, before the roles start: DATABASE_URLS=… node deploy/migrate.mjs
import { createLog } from '../dist/src/platform/log.js'
import { migrateToLatest } from '../dist/src/platform/migrations.js'

const log = createLog('migrate')
const urls = (process.env.DATABASE_URLS ?? '').split(',').map((url) => url.trim()).filter(Boolean)
if (urls.length === 0) {
  process.stderr.write('DATABASE_URLS: comma-separated postgres:// URLs, in shard order\n')
  process.exit(2)
}
for (const url of urls) await migrateToLatest(url, log)
log.info({ databases: urls.length }, 'all databases are at the newest schema')
