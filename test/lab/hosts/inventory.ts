import { writeFile } from 'node:fs/promises'
import { bundleDirectory } from '../artifacts/paths.ts'
import type { HostDefinition, LabDefinition } from './definition.ts'
import { labPaths } from './paths.ts'

/** The networks that run on hosts of this kind. */
export const labNetworks = ['flannel', 'calico'] as const

export type LabNetwork = (typeof labNetworks)[number]

/** Writes the inventory of a lab: what a user would write, with the settings that containers need. */
export async function writeInventory(lab: LabDefinition, kubernetes: string, cni?: LabNetwork): Promise<void> {
  await writeFile(labPaths(lab.name).inventory, inventoryText(lab, kubernetes, cni))
}

/** The inventory of a lab. */
export function inventoryText(lab: LabDefinition, kubernetes: string, cni: LabNetwork = 'flannel'): string {
  return `# The hosts of the lab "${lab.name}". Written by "npm run lab -- up"; yours to edit until the next one.
apiVersion: kubewright/v1alpha1
kind: Cluster
metadata:
  name: ${lab.name}
spec:
  kubernetesVersion: '${kubernetes}'
  cni: { name: ${cni} }
${endpointText(lab)}  ssh:
    user: admin
    identityFile: ./id_ed25519
    knownHostsFile: ./known_hosts
  artifacts: # the hosts reach no download site
    source: bundle
    path: ${bundleDirectory}
  # The hosts are containers. These settings are for what a container may not do; a host of your own may need none.
  containerd:
    restrictOomScoreAdj: true # no CAP_SYS_RESOURCE
    limitNOFILE: 20000 # the limit of a container cannot be raised
  kubelet:
    config:
      failCgroupV1: false # the kubelet refuses cgroup v1 otherwise
  kubeProxy:
    config:
      conntrack: # these sysctls are read-only in a container
        maxPerCore: 0
        min: 0
  hosts:
${lab.hosts.map((host) => hostText(host, lab.topology.twoNetworks)).join('\n')}
`
}

function endpointText({ topology }: LabDefinition): string {
  return topology.controlPlanes > 1 ? '  controlPlaneEndpoint: { provider: node-local }\n' : ''
}

function hostText(host: HostDefinition, twoNetworks: boolean): string {
  const nodeIP = twoNetworks ? `\n      nodeIP: ${host.nodeIP} # SSH goes by another network than the nodes` : ''
  return `    - name: ${host.name}
      address: ${host.address}${nodeIP}
      roles: [${host.role}]`
}
