import type { SshSurroundings } from '../transport/ssh-config.ts'
import type { SshTarget } from '../transport/target.ts'
import type { connectHosts } from './connect.ts'
import type { prepare } from './operate.ts'

/** What verbs reach hosts with; tests inject their own. Each is imported when it is first used, so that `--help` loads none. */
export interface Services {
  readonly prepare: typeof prepare
  readonly connectHosts: typeof connectHosts
  /** The key that a host shows. */
  readonly scanHostKey: (target: SshTarget, signal?: AbortSignal) => Promise<Buffer>
  readonly surroundings: () => Promise<SshSurroundings>
}

/** The real ones. */
export const services: Services = {
  prepare: async (options, mode) => (await import('./operate.ts')).prepare(options, mode),
  connectHosts: async (hosts, options) => (await import('./connect.ts')).connectHosts(hosts, options),
  scanHostKey: async (target, signal) => (await import('../transport/scan-host-key.ts')).scanHostKey(target, signal),
  surroundings: async () => (await import('./connect.ts')).ownSurroundings(),
}
