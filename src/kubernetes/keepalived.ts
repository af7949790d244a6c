import { isIPv6 } from 'node:net'
import type { Cluster } from '../inventory/cluster.ts'
import { renderText } from '../render/template.ts'
import { sha256 } from './inputs.ts'
import { localEndpointUrl } from './node.ts'

/** The unit by which our keepalived runs: the distribution's own stays with its owner, who may hold something else by it. */
export const keepalivedUnit = 'kubewright-keepalived.service'

/** What our keepalived reads, and the program by which it asks for the API server of its host. */
export const keepalivedFiles = {
  configuration: '/etc/keepalived/kubewright.conf',
  /** Where SELinux's policy lets a keepalived that is confined run programs that are not. */
  check: '/usr/libexec/keepalived/kubewright-check-api-server',
  unit: `/etc/systemd/system/${keepalivedUnit}`,
} as const

/** A control plane as one that may hold the virtual address. */
export interface VirtualAddressView {
  readonly name: string
  readonly nodeIP: string
  /** The interface of the node's address. */
  readonly interface: string
  /** Its place among the control planes of the inventory, from 0: the earlier one is preferred where none holds the address. */
  readonly place: number
  /** Node addresses of the other control planes. */
  readonly peers: readonly string[]
}

/** keepalived's configuration on one control plane. It has no password: VRRP would send it in clear text, and its version 3 has none. */
export function keepalivedConfiguration({ controlPlaneEndpoint }: Cluster, view: VirtualAddressView): string {
  const { address } = controlPlaneEndpoint
  return renderText('endpoint/keepalived.conf', {
    ...view,
    address,
    prefix: isIPv6(address) ? 128 : 32,
    check: keepalivedFiles.check,
    priority: 150 - 10 * view.place,
    router: routerId(address),
  })
}

/** The unit that runs it. */
export function keepalivedUnitText(): string {
  return renderText('endpoint/keepalived.service', { configuration: keepalivedFiles.configuration })
}

/** The program that says whether the API server of a host is well. */
export function apiServerCheck(cluster: Cluster, nodeIP: string): string {
  return renderText('endpoint/check-api-server.sh', { url: localEndpointUrl(cluster, nodeIP) })
}

/** From 1 to 255, the same on all hosts; another address in the same network has most likely another one. */
function routerId(address: string): number {
  return (Number.parseInt(sha256(address).slice(0, 8), 16) % 255) + 1
}
