import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** JSON lines on stderr: stdout belongs to the READY line and to command output. */
export const createLog = (name: string, level: string = process.env.QUANTBOT_LOG ?? 'info'): Logger =>
  pino({ name, level, base: { name, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
