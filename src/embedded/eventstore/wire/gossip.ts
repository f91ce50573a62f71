import gossip from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import messages from '@eventstore/db-client/generated/gossip_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import { framed } from './deframer.ts'
import type { Route } from './grpc-server.ts'
import { OK } from './status.ts'
import { unary } from './unary.ts'

export interface Member {
  readonly instanceId: string
  /** Where clients are told to connect. */
  readonly host: string
  readonly port: () => number
}

/** The cluster as clients that discover it see it: one node, which leads. */
export const gossipRoute = (member: Member): Route =>
  unary(gossip.GossipService.read.path, (call) => {
    const info = new messages.MemberInfo()
      .setInstanceId(new shared.UUID().setString(member.instanceId))
      .setTimeStamp(`${Date.now()}0000`)
      .setState(messages.MemberInfo.VNodeState.LEADER)
      .setIsAlive(true)
      .setHttpEndPoint(new messages.EndPoint().setAddress(member.host).setPort(member.port()))
    call.write(framed(new messages.ClusterInfo().setMembersList([info]).serializeBinary()))
    call.end(OK)
  })
