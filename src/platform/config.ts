import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'

/** Roles of the one image; `all` runs them in one process. */
export const ROLES = ['commands', 'settlement', 'projector', 'queries'] as const
export type Role = (typeof ROLES)[number]

const urlList = (schemes: readonly string[]) =>
  z
    .string()
    .transform((text) => text.split(',').map((part) => part.trim()))
    .refine(
      (urls) => urls.every((url) => schemes.some((scheme) => url.startsWith(`${scheme}://`) && URL.canParse(url))),
      `must be comma-separated URLs (${schemes.join(', ')})`,
    )

const integer = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be from ${min} to ${max}`)
    .default(fallback)

/** One entry for each of DATABASE_URLS, in its order; an entry may be empty, or name several by "|". */
const replicaLists = z.string().transform((text, context) =>
  text.split(',').map((entry) =>
    entry
      .split('|')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((url) => {
        if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
          context.addIssue({
            code: 'custom',
            message: 'must be Postgres URLs by comma, in the order of DATABASE_URLS ("|" between several of one)',
          })
        return url
      }),
  ),
)

/** `SOL/USDC=prices.csv.gz@60,…`: symbol, file, and how many times as fast as it was. */
const replays = z.string().transform((text, context) =>
  text.split(',').flatMap((part) => {
    const match = /^\s*([^=\s]+\/[^=\s]+)=(.+?)(?:@(\d+(?:\.\d+)?))?\s*$/.exec(part)
    const [, symbol, file, speed = '1'] = match ?? []
    if (symbol !== undefined && file !== undefined && Number(speed) > 0) return [{ symbol, file, speed: Number(speed) }]
    context.addIssue({ code: 'custom', message: 'must be SYMBOL=FILE or SYMBOL=FILE@SPEED, several by comma' })
    return []
  }),
)

const Environment = z.object({
  PORT: integer(0, 65_535, 8080),
  HOST: z.string().min(1).default('127.0.0.1'),
  QUANTBOT_DATA: z.string().min(1).default('.quantbot'),
  EVENTSTORE_URL: urlList(['esdb', 'esdb+discover', 'kurrentdb', 'kurrentdb+discover']).optional(),
  DATABASE_URLS: urlList(['postgres', 'postgresql']).optional(),
  QUANTBOT_REPLICAS: replicaLists.optional(),
  REDIS_URL: z.union([z.literal('off'), z.string().regex(/^rediss?:\/\//, 'must be redis://…, rediss://… or "off"')]).optional(),
  SOLANA_RPC_URLS: urlList(['http', 'https']).optional(),
  SOLANA_FEE_FLOOR: integer(0, 1_000_000_000, 1_000),
  SOLANA_FEE_CAP: integer(0, 1_000_000_000, 2_000_000),
  JITO_URL: urlList(['http', 'https']).optional(),
  JITO_MODE: z.enum(['bundle', 'transaction']).default('transaction'),
  JITO_AUTH_KEY: z.string().min(1).optional(),
  JITO_TIP_LAMPORTS: integer(1_000, 100_000_000, 10_000),
  RELAY_URL: urlList(['http', 'https']).optional(),
  RELAY_API_KEY: z.string().min(1).optional(),
  RFQ_URL: urlList(['http', 'https']).optional(),
  VENUE_URL: urlList(['http', 'https']).optional(),
  VENUE_API_KEY: z.string().min(1).optional(),
  MARKET_REPLAY: replays.optional(),
  VENUE_EXECUTION: z.enum(['own', 'managed']).default('own'),
  QUANTBOT_DURABLE_NONCES: z.enum(['off', 'cosigned', 'all']).default('off'),
  QUANTBOT_RECONCILE_POLICY: z.enum(['halt', 'reduce', 'report']).default('halt'),
  SOLANA_SLOT_MS: integer(20, 60_000, 400),
  QUANTBOT_KEYSTORE_PASSWORD: z.string().min(1).optional(),
  QUANTBOT_FAUCET_KEY: z.string().min(1).optional(),
  QUANTBOT_SHARDS: integer(1, 64, 4),
  QUANTBOT_HOSTILE_SEED: z
    .string()
    .regex(/^\d{1,10}$/, 'must be a whole number')
    .transform(Number)
    .optional(),
  QUANTBOT_LOG: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
})

/** The whole configuration: environment variables of the contract and the --role flag. An absent URL means the embedded part. */
export interface Config {
  readonly roles: ReadonlySet<Role>
  /** What the READY line and the run file call this process. */
  readonly roleName: string
  readonly port: number
  readonly host: string
  readonly dataDir: string
  readonly eventStoreUrl: string | undefined
  readonly databaseUrls: readonly string[] | undefined
  /** Streaming replicas of each database, in the order of DATABASE_URLS. */
  readonly replicas: readonly (readonly string[])[]
  /** Number of databases the embedded Postgres is given. */
  readonly embeddedShards: number
  readonly redisUrl: string | 'off' | undefined
  readonly solanaRpcUrls: readonly string[] | undefined
  /** Bounds of the bid per compute unit, micro-lamports. */
  readonly priceBounds: { readonly floor: bigint; readonly cap: bigint }
  /** Jito's block engine as a further way to the leaders. */
  readonly jito:
    | { readonly url: string; readonly mode: 'bundle' | 'transaction'; readonly authKey: string | undefined; readonly tipLamports: bigint }
    | undefined
  /** A relay with stake-weighted connections as a further way to the leaders. */
  readonly relay: { readonly url: string; readonly apiKey: string | undefined } | undefined
  /** Market makers that quote and sign against our orders. */
  readonly rfqUrl: string | undefined
  readonly venueUrl: string | undefined
  readonly venueApiKey: string | undefined
  /** Markets priced by a recorded file instead of the venue. */
  readonly replays: readonly { readonly symbol: string; readonly file: string; readonly speed: number }[]
  /** Who lands swaps: ourselves, or the venue. */
  readonly execution: 'own' | 'managed'
  /** Which swaps live by durable nonces instead of blockhashes. */
  readonly durableNonces: 'off' | 'cosigned' | 'all'
  /** What becomes of an account whose ledger and chain differ, or that lands late. */
  readonly reconcilePolicy: 'halt' | 'reduce' | 'report'
  readonly slotMs: number
  readonly keystorePassword: string | undefined
  /** JSON array of 64 bytes: the key that may mint test funds; undefined on a chain without a faucet. */
  readonly faucetKeyFile: string | undefined
  /** Puts a front with seeded faults between the product and the embedded chain; undefined: none. */
  readonly hostileSeed: number | undefined
  readonly logLevel: string
}

export type ConfigOutcome = { readonly ok: true; readonly config: Config } | { readonly ok: false; readonly message: string }

/** Reads flags and environment. A wrong value is one clear line; the caller prints it and exits 2. */
export const readConfig = (args: readonly string[], env: NodeJS.ProcessEnv): ConfigOutcome => {
  const flags = readFlags(args)
  if ('message' in flags) return { ok: false, message: flags.message }
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const parsed = Environment.safeParse(present)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    return { ok: false, message: `${issue.path.join('.')}: ${issue.message}` }
  }
  const e = parsed.data
  if (e.SOLANA_RPC_URLS && !e.QUANTBOT_KEYSTORE_PASSWORD && flags.roles.has('settlement')) {
    return { ok: false, message: 'QUANTBOT_KEYSTORE_PASSWORD: required with SOLANA_RPC_URLS (wallet keys are encrypted with it)' }
  }
  if (e.QUANTBOT_REPLICAS && e.QUANTBOT_REPLICAS.length !== e.DATABASE_URLS?.length) {
    return { ok: false, message: 'QUANTBOT_REPLICAS: needs DATABASE_URLS, and as many entries (an entry may be empty)' }
  }
  if (e.SOLANA_RPC_URLS && e.QUANTBOT_HOSTILE_SEED !== undefined) {
    return { ok: false, message: 'QUANTBOT_HOSTILE_SEED: for the embedded chain alone, not with SOLANA_RPC_URLS' }
  }
  return {
    ok: true,
    config: {
      roles: flags.roles,
      roleName: flags.name,
      port: e.PORT,
      host: e.HOST,
      dataDir: resolve(e.QUANTBOT_DATA),
      eventStoreUrl: e.EVENTSTORE_URL?.join(','),
      databaseUrls: e.DATABASE_URLS,
      replicas: e.QUANTBOT_REPLICAS ?? [],
      embeddedShards: e.QUANTBOT_SHARDS,
      redisUrl: e.REDIS_URL,
      solanaRpcUrls: e.SOLANA_RPC_URLS,
      priceBounds: { floor: BigInt(e.SOLANA_FEE_FLOOR), cap: BigInt(Math.max(e.SOLANA_FEE_FLOOR, e.SOLANA_FEE_CAP)) },
      jito:
        e.JITO_URL?.[0] === undefined
          ? undefined
          : {
              url: e.JITO_URL[0],
              mode: e.JITO_MODE,
              authKey: e.JITO_AUTH_KEY,
              tipLamports: BigInt(e.JITO_TIP_LAMPORTS),
            },
      relay: e.RELAY_URL?.[0] === undefined ? undefined : { url: e.RELAY_URL[0], apiKey: e.RELAY_API_KEY },
      rfqUrl: e.RFQ_URL?.[0]?.replace(/\/$/, ''),
      venueUrl: e.VENUE_URL?.[0]?.replace(/\/$/, ''),
      venueApiKey: e.VENUE_API_KEY,
      replays: e.MARKET_REPLAY ?? [],
      execution: e.VENUE_EXECUTION,
      durableNonces: e.QUANTBOT_DURABLE_NONCES,
      reconcilePolicy: e.QUANTBOT_RECONCILE_POLICY,
      slotMs: e.SOLANA_SLOT_MS,
      keystorePassword: e.QUANTBOT_KEYSTORE_PASSWORD,
      faucetKeyFile: e.QUANTBOT_FAUCET_KEY,
      hostileSeed: e.QUANTBOT_HOSTILE_SEED,
      logLevel: e.QUANTBOT_LOG,
    },
  }
}

const readFlags = (args: readonly string[]): { roles: ReadonlySet<Role>; name: string } | { message: string } => {
  let role: string
  try {
    const { values } = parseArgs({ args: [...args], options: { role: { type: 'string', default: 'all' } } })
    role = values.role
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) }
  }
  if (role === 'all') return { roles: new Set(ROLES), name: 'all' }
  const names = role.split(',').map((name) => name.trim())
  const wrong = names.find((name) => !(ROLES as readonly string[]).includes(name))
  if (wrong !== undefined) return { message: `--role: unknown role "${wrong}" (one of all, ${ROLES.join(', ')})` }
  return { roles: new Set(names as Role[]), name: names.join(',') }
}
