import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where built and fetched files stay between runs, outside the repository. */
export const cacheDirectory: string = process.env['KUBEWRIGHT_CACHE'] ?? join(homedir(), '.cache', 'kubewright')

/** The bundle that the product installs from. */
export const bundleDirectory: string = join(cacheDirectory, 'bundle')

/** Programs that only tests use, such as the real kubeadm. */
export const toolsDirectory: string = join(cacheDirectory, 'tools')

/** Scratch space of a running build; whatever an earlier run left there is rubbish. */
export const workDirectory: string = join(cacheDirectory, 'work')

/** The architecture of the artifacts, in the words of Kubernetes. */
export const architecture: 'amd64' | 'arm64' = process.arch === 'arm64' ? 'arm64' : 'amd64'
