import { createHash } from 'node:crypto'

/**
 * Which of the living projectors a shard falls to: each gets its even share, give or take one, and few shards move when one comes or goes.
 * The same answer in every process that sees the same members. Undefined without members.
 */
export const fairOwner = (shards: number, members: readonly string[], wanted: number): string | undefined => {
  const load = new Map(members.map((member) => [member, 0]))
  const even = Math.floor(shards / load.size)
  let extras = shards % load.size
  for (let shard = 0; shard <= wanted; shard++) {
    const owner = [...load.keys()]
      .filter((member) => load.get(member)! < even || (load.get(member) === even && extras > 0))
      .map((member) => ({ member, weight: weightOf(member, shard) }))
      .reduce<{ member: string; weight: string } | undefined>(
        (best, one) => (best && best.weight > one.weight ? best : one),
        undefined,
      )?.member
    if (owner === undefined) return undefined
    if (load.get(owner) === even) extras--
    load.set(owner, load.get(owner)! + 1)
    if (shard === wanted) return owner
  }
  return undefined
}

/** Rendezvous: a member that goes takes only its own shards with it. */
const weightOf = (member: string, shard: number): string => createHash('sha256').update(`${member}/${shard}`).digest('hex')
