import { sliceName, sliceOf } from '../../events/streams.ts'

/** Slices are leased in groups of 256, by the first hex digit of their name: as many settlement processes can share the work. */
export const SLICE_GROUPS = 4

/** Server-side filter on the account streams of a group. */
export const groupFilter = (group: number): string => `^account-${group.toString(16)}`

export const groupOf = (accountId: string): number => Number.parseInt(sliceName(sliceOf(accountId))[0]!, 16)

export const leaseName = (group: number): string => `settlement-${group}`
