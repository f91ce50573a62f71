/**
 * How every compiled process of ours runs. Batches, requests and seeds die young, but live longer than the default nursery of 16 MiB
 * takes to fill: with this one catching up takes a sixth less CPU, for up to 100 MiB more of memory in a process that is busy.
 */
export const NODE_FLAGS = ['--enable-source-maps', '--max-semi-space-size=64'] as const
