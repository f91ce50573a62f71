import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'

/** Makes a snapshot small and whole again. A port, because threads answer when they like: a simulator packs at once. */
export interface Packing {
  deflate(bytes: Buffer): Promise<Buffer>
  inflate(bytes: Buffer): Promise<Buffer>
}

const deflate = promisify<Buffer, { level: number }, Buffer>(deflateRaw)
const inflate = promisify<Buffer, Buffer>(inflateRaw)

/** In zlib's threads, at its fastest level: a snapshot is for the next load, not for the archive. */
export const ZLIB_THREADS: Packing = { deflate: (bytes) => deflate(bytes, { level: 1 }), inflate: (bytes) => inflate(bytes) }
