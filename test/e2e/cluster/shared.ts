import type { Lab } from '../../lab/index.ts'
import type { Outcome } from '../support.ts'

/** What the parts of `cluster.test.ts` share: they run one after another on the same hosts. */
export interface Shared {
  lab: Lab
  /** A directory for saved plans. */
  scratch: string
  /** The run that has installed the cluster, the plan that it carried out, and all command lines that were seen meanwhile. */
  installation: { readonly outcome: Outcome; readonly planPath: string; readonly processes: string } | undefined
}

export const shared: Shared = {
  lab: { name: '', directory: '', inventoryPath: '', identityFile: '', knownHostsFile: '', hosts: [] },
  scratch: '',
  installation: undefined,
}
