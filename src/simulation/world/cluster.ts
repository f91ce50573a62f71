import type { Logger } from '../../platform/log.ts'
import type { Keystore } from '../../settlement/keystore/keystore.ts'
import type { Signer } from '../../settlement/keystore/signer.ts'
import { createMachine, type Machine } from '../kernel/machine.ts'
import type { Ground } from './ground.ts'
import { type Node, startNode } from './node.ts'

/** The processes of a deployment: some of them up, others dead and about to be started anew. */
export interface Cluster {
  /** Those that are ready and alive. */
  ready(): readonly Node[]
  kill(machine: Machine): void
  /** A fresh process beside the others, that nobody routes to. */
  another(): Promise<Node>
}

export interface ClusterOptions {
  readonly ground: Ground
  readonly size: number
  readonly keystore: Keystore
  readonly faucet: Signer
  readonly log: Logger
}

export const startCluster = ({ ground, size, keystore, faucet, log }: ClusterOptions): Cluster => {
  const { timeline, random, buggify, trace } = ground
  const nodes = new Map<number, Node>()
  const places = new Map<Machine, number>()
  let lives = 0

  const machineFor = (name: string): Machine => {
    const life = lives++
    const machine: Machine = createMachine({
      name: `${name}-${life}`,
      life,
      timeline,
      random,
      skewMs: buggify('clock_skew') ? random.between(-500, 500) : 0,
      onCall: () => ground.mayDie(machine, 1),
    })
    return machine
  }
  const start = (place: number): void => {
    const machine = machineFor(`node-${place}`)
    places.set(machine, place)
    trace.note('start', machine.name, timeline.now())
    startNode({ ground, machine, keystore, faucet, log }).then(
      (node) => nodes.set(place, node),
      // it could not start, for the store was away: its supervisor tries again
      () => kill(machine),
    )
  }
  const kill = (machine: Machine): void => {
    const place = places.get(machine)
    if (!machine.alive() || place === undefined) return
    machine.kill()
    nodes.delete(place)
    trace.note('kill', machine.name, timeline.now())
    timeline.at(timeline.now() + random.between(100, 6_000), () => start(place))
  }
  for (let place = 0; place < size; place++) start(place)

  return {
    ready: () => [...nodes.values()],
    kill,
    another: () => startNode({ ground, machine: machineFor('auditor'), keystore, faucet, log }),
  }
}
