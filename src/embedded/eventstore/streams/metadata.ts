/** What `$$stream` says about a stream. A stream without metadata has NO_METADATA. */
export interface StreamMetadata {
  readonly maxCount?: number
  readonly maxAgeSeconds?: number
  /** Events below this revision are gone from stream reads. */
  readonly truncateBefore?: number
  /** Soft-deleted ($tb is int64.max). The JSON text is kept, because recreating the stream rewrites it with a new $tb. */
  readonly deletedText?: string
}

export const NO_METADATA: StreamMetadata = {}
export const METADATA_TYPE = '$metadata'

export const isMetastream = (stream: string): boolean => stream.startsWith('$$')
export const metastreamOf = (stream: string): string => `$$${stream}`
export const originalOf = (metastream: string): string => metastream.slice(2)

/** A metastream keeps its newest event only, as on a real server. */
export const METASTREAM_METADATA: StreamMetadata = { maxCount: 1 }

const DELETED = '9223372036854775807'
// int64.max is past what a JS number holds, so it is looked for in the text
const DELETED_IN_TEXT = /"\$tb"\s*:\s*9223372036854775807\s*[,}]/

/** Metadata a real server cannot parse counts as none. */
export const parseMetadata = (data: Buffer): StreamMetadata => {
  const text = data.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return NO_METADATA
  }
  if (typeof value !== 'object' || value === null) return NO_METADATA
  const fields = value as Record<string, unknown>
  const maxCount = wholeNumber(fields.$maxCount)
  const maxAgeSeconds = wholeNumber(fields.$maxAge)
  const deleted = DELETED_IN_TEXT.test(text)
  const truncateBefore = deleted ? undefined : wholeNumber(fields.$tb)
  if (maxCount === undefined && maxAgeSeconds === undefined && truncateBefore === undefined && !deleted) return NO_METADATA
  return {
    ...(maxCount === undefined ? {} : { maxCount }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    ...(truncateBefore === undefined ? {} : { truncateBefore }),
    ...(deleted ? { deletedText: text } : {}),
  }
}

const wholeNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined

export const isSoftDeleted = (metadata: StreamMetadata): boolean => metadata.deletedText !== undefined

export const SOFT_DELETE_METADATA = Buffer.from(`{"$tb":${DELETED}}`)

/** The metadata of a stream that is written to again after a soft delete: all else stays, reading starts at `truncateBefore`. */
export const undeletedMetadata = (text: string, truncateBefore: number): Buffer | undefined => {
  try {
    return Buffer.from(JSON.stringify({ ...(JSON.parse(text) as object), $tb: truncateBefore }))
  } catch {
    return undefined
  }
}
