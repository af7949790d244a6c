interface WithRoles {
  readonly roles: readonly string[]
}

/** Whether a host runs the control plane. */
export function isControlPlane({ roles }: WithRoles): boolean {
  return roles.includes('control-plane')
}

/** Whether a host is a node of the cluster: one that runs etcd alone is none. */
export function isNode({ roles }: WithRoles): boolean {
  return !roles.includes('etcd')
}

/** Whether a host is a node that is no control plane. */
export function isWorker(host: WithRoles): boolean {
  return isNode(host) && !isControlPlane(host)
}
