import serverFeatures from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import messages from '@eventstore/db-client/generated/serverfeatures_pb.js'
import { framed } from './deframer.ts'
import type { Route } from './grpc-server.ts'
import { OK } from './status.ts'
import { unary } from './unary.ts'

/** The server whose behaviour this node has; clients switch features on it. */
const SERVER_VERSION = '24.6.0'

/** Tells clients what the node serves: exactly its routes. The client compares paths in lower case. */
export const serverFeaturesRoute = (served: readonly Route[]): Route =>
  unary(serverFeatures.ServerFeaturesService.getSupportedMethods.path, (call) => {
    const answer = new messages.SupportedMethods().setEventStoreServerVersion(SERVER_VERSION)
    for (const { path } of served) {
      const [, service = '', method = ''] = path.toLowerCase().split('/')
      const entry = new messages.SupportedMethod().setServiceName(service).setMethodName(method)
      entry.setFeaturesList(method === 'read' && service.endsWith('.streams') ? READ_FEATURES : [])
      answer.addMethods(entry)
    }
    call.write(framed(answer.serializeBinary()))
    call.end(OK)
  })

/** Reads can report stream positions and events as of 24.6. */
const READ_FEATURES = ['position', 'events']
