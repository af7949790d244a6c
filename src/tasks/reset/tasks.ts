import { resetCheck } from './check.ts'
import { resetContainerd } from './containerd.ts'
import { resetData } from './data.ts'
import { resetFiles } from './files.ts'
import { resetIdentity } from './identity.ts'
import { resetNetwork } from './network.ts'
import { resetPods } from './pods.ts'
import { resetSnapshot } from './snapshot.ts'

/** Everything that takes a cluster off its hosts, in its order. */
export const resetTasks = [
  resetCheck,
  resetSnapshot,
  resetPods,
  resetNetwork,
  resetData,
  resetContainerd,
  resetFiles,
  resetIdentity,
] as const
