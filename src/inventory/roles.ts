import type { Host } from './cluster.ts'

/** Whether a host runs the control plane. */
export function isControlPlane({ roles }: Pick<Host, 'roles'>): boolean {
  return roles.includes('control-plane')
}
