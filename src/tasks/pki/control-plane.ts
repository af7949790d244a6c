import { task } from '../../engine/task.ts'
import { certificates, kubeconfigs } from '../../pki/certificates.ts'
import { isStacked } from '../../kubernetes/etcd-topology.ts'
import { localEndpointUrl } from '../../kubernetes/node.ts'
import { certificate } from '../../resources/certificate.ts'
import { kubeconfig } from '../../resources/kubeconfig.ts'
import type { Context } from '../context.ts'
import { adminUrl, certificateOptions, leader, specOf } from '../control-planes.ts'

/** Certificates and kubeconfigs of a control plane; the kubelet's own are made with the kubelet. */
export const pkiControlPlane = task<Context>({
  name: 'pki/control-plane',
  summary: 'Certificates and kubeconfigs of the control plane',
  resources(context) {
    const { cluster, facts } = context
    const urls = { cluster: adminUrl(context), local: localEndpointUrl(cluster, facts.nodeIP) }
    const wanted = kubeconfigs.filter(
      ({ name }) => name !== 'kubelet.conf' && (name !== 'super-admin.conf' || keepsSuperAdmin(context)),
    )
    return [
      ...certificates
        .filter(({ authority }) => authority !== 'etcd-ca' || isStacked(cluster))
        .map((row) => certificate(specOf(row, context), certificateOptions(context, row))),
      ...wanted.map((row) => kubeconfig(specOf(row, context), urls[row.server], certificateOptions(context, row))),
    ]
  },
})

/**
 * Where the cluster began, or leads while no API answers. When that host is gone, the cluster that lives needs no other one: its
 * administrators have their binding.
 */
function keepsSuperAdmin(context: Context): boolean {
  const { host, observed } = context
  const holders = observed.controlPlanes.filter(({ hasSuperAdmin }) => hasSuperAdmin).map((holder) => holder.host)
  if (holders.length > 0) return holders.includes(host.name)
  return observed.api !== 'up' && leader(context) === host.name
}
