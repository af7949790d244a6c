import { preflightCluster } from './cluster.ts'
import { preflightEndpoint } from './endpoint.ts'
import { preflightEtcd } from './etcd.ts'
import { preflightFleet } from './fleet.ts'
import { preflightHost } from './host.ts'
import { preflightNetwork } from './network.ts'
import { preflightState } from './state.ts'

/** Everything that is looked at before anything is written. */
export const preflightTasks = [
  preflightState,
  preflightHost,
  preflightNetwork,
  preflightFleet,
  preflightCluster,
  preflightEndpoint,
  preflightEtcd,
] as const
