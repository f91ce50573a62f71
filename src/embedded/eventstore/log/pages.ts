import { read, readSync } from 'node:fs'

/** 64 KiB: about 200 events, one read of ~60 µs; a scattered read of one event wastes little. */
export const PAGE = 64 * 1024
/** 64 MiB of event bytes at most: the hot end of the log and what readers just fetched. All other payloads stay on disk. */
const MAX_PAGES = 1_024

export interface Span {
  readonly bytes: Buffer
  readonly at: number
}

/** Reads durable bytes of the log through a bounded cache. Only offsets below the durable end may be asked for. */
export interface Pages {
  /** The bytes if they are in memory, else undefined: then `load` them and ask again. */
  peek(offset: number, length: number): Span | undefined
  load(offset: number, length: number): Promise<void>
  /** Starts reading the page of `offset` without waiting for it. */
  prefetch(offset: number): void
  /** Bytes that have just become durable: readers at the end of the log never touch the disk. */
  publish(offset: number, bytes: Buffer): void
}

interface Page {
  readonly bytes: Buffer
  /** Second-chance bit: cheaper per hit than moving the page to the end of a list. */
  used: boolean
}

export const openPages = (fd: number, durableEnd: number): Pages => {
  const pages = new Map<number, Page>()
  const loading = new Map<number, Promise<void>>()
  let tail = Math.floor(durableEnd / PAGE)
  pages.set(tail, { bytes: readTail(fd, tail, durableEnd), used: true })

  const evict = (): void => {
    for (const [index, page] of pages) {
      if (pages.size <= MAX_PAGES) return
      if (index >= tail) continue
      pages.delete(index)
      if (!page.used) continue
      page.used = false
      pages.set(index, page)
    }
  }

  const loadPage = (index: number): Promise<void> => {
    if (pages.has(index)) return Promise.resolve()
    let promise = loading.get(index)
    if (promise === undefined) {
      promise = readPage(fd, index)
        .then((bytes) => {
          pages.set(index, { bytes, used: true })
          evict()
        })
        .finally(() => loading.delete(index))
      loading.set(index, promise)
    }
    return promise
  }

  const gather = (offset: number, length: number): Span | undefined => {
    const first = Math.floor(offset / PAGE)
    const last = Math.floor((offset + length - 1) / PAGE)
    for (let i = first; i <= last; i++) if (!pages.has(i)) return undefined
    const bytes = Buffer.allocUnsafe(length)
    for (let i = first; i <= last; i++) {
      const page = pages.get(i)!
      page.used = true
      const from = Math.max(offset, i * PAGE)
      const to = Math.min(offset + length, (i + 1) * PAGE)
      page.bytes.copy(bytes, from - offset, from - i * PAGE, to - i * PAGE)
    }
    return { bytes, at: 0 }
  }

  return {
    peek(offset, length) {
      const index = Math.floor(offset / PAGE)
      const at = offset - index * PAGE
      if (at + length > PAGE) return gather(offset, length)
      const page = pages.get(index)
      if (page === undefined) return undefined
      page.used = true
      return { bytes: page.bytes, at }
    },

    async load(offset, length) {
      const first = Math.floor(offset / PAGE)
      const last = Math.floor((offset + length - 1) / PAGE)
      const wanted: Promise<void>[] = []
      for (let i = first; i <= last; i++) wanted.push(loadPage(i))
      await Promise.all(wanted)
    },

    prefetch(offset) {
      const index = Math.floor(offset / PAGE)
      // a failed read surfaces where somebody waits for the page
      if (index < tail && !pages.has(index)) loadPage(index).catch(() => {})
    },

    publish(offset, bytes) {
      const end = offset + bytes.length
      for (let i = Math.floor(offset / PAGE); i * PAGE < end; i++) {
        let page = pages.get(i)
        if (page === undefined) {
          page = { bytes: Buffer.allocUnsafeSlow(PAGE), used: true }
          pages.set(i, page)
        }
        const from = Math.max(offset, i * PAGE)
        const to = Math.min(end, (i + 1) * PAGE)
        bytes.copy(page.bytes, from - i * PAGE, from - offset, to - offset)
      }
      // an end exactly on a border leaves the page behind it to be created by the next publish
      tail = Math.floor(end / PAGE)
      if (!pages.has(tail)) pages.set(tail, { bytes: Buffer.allocUnsafeSlow(PAGE), used: true })
      evict()
    },
  }
}

const readTail = (fd: number, index: number, durableEnd: number): Buffer => {
  const bytes = Buffer.allocUnsafeSlow(PAGE)
  const length = durableEnd - index * PAGE
  let filled = 0
  while (filled < length) {
    const n = readSync(fd, bytes, filled, length - filled, index * PAGE + filled)
    if (n === 0) throw new Error('the event log is shorter than its recovered length')
    filled += n
  }
  return bytes
}

const readPage = async (fd: number, index: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafeSlow(PAGE)
  let filled = 0
  while (filled < PAGE) {
    const n = await new Promise<number>((resolve, reject) => {
      read(fd, bytes, filled, PAGE - filled, index * PAGE + filled, (error, count) => (error ? reject(error) : resolve(count)))
    })
    if (n === 0) throw new Error(`the event log ends inside page ${index}, which was durable`)
    filled += n
  }
  return bytes
}
