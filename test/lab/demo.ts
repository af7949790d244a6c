import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, relative } from 'node:path'
import { packageRoot } from '../../src/package.ts'
import { buildArtifacts, hostExec, labUp } from './index.ts'

// The main job, on the lab: bare hosts and one inventory file in, a Kubernetes cluster out.
await buildArtifacts({ kubernetes: ['1.37.1'] })
const lab = await labUp({ controlPlanes: 1, workers: 2 })
const inventory = relative(process.cwd(), lab.inventoryPath)
const kubewright = join(packageRoot, 'dist/src/cli/main.js')

const apply = spawn(process.execPath, [kubewright, 'apply', '--yes', '--inventory', inventory], { stdio: 'inherit' })
const [code] = (await once(apply, 'exit')) as [number | null]
if (code !== 0) process.exit(code ?? 1)

const [controlPlane] = lab.hosts
if (controlPlane === undefined) throw new Error('the lab has no control plane')
const { stdout } = await hostExec(controlPlane, 'kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes -o wide')
process.stdout.write(`
$ kubectl get nodes -o wide
${stdout}
The cluster runs. Go on with:
  npx kubewright status --inventory ${inventory}       nodes, certificates, etcd, addons
  npx kubewright kubeconfig --inventory ${inventory}   an administrator's kubeconfig for kubectl
  npx kubewright plan --inventory ${inventory}         what would change (nothing, now)
  npm run lab -- down                                         take the hosts away again
`)
