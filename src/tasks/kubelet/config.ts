import { task } from '../../engine/task.ts'
import { isNode } from '../../inventory/roles.ts'
import { kubeletServing } from '../../pki/certificates.ts'
import { caCertificateFile } from '../../resources/ca-certificate.ts'
import { certificate } from '../../resources/certificate.ts'
import { directory } from '../../resources/file.ts'
import type { Context } from '../context.ts'
import { authoritySource, certificateOptions, clusterAuthority, specOf } from '../control-planes.ts'
import { kubeletInstance, kubeletSettings } from './files.ts'

/** Everything that the kubelet reads, on nodes its serving certificate included: it is there before the kubelet starts. */
export const kubeletConfig = task<Context>({
  name: 'kubelet/config',
  summary: 'Configure the kubelet',
  resources(context) {
    const { host, observed } = context
    if (!isNode(host)) return [directory('/etc/kubernetes/manifests', { mode: 0o700 }), ...kubeletSettings(context)]
    const known = observed.authorities[clusterAuthority.path]?.certificate
    const controlPlane = host.roles.includes('control-plane')
    return [
      directory('/etc/kubernetes/manifests', { mode: controlPlane ? 0o700 : 0o755 }),
      ...(controlPlane ? [] : [caCertificateFile(clusterAuthority, authoritySource(context), known)]),
      certificate(specOf(kubeletServing, context), certificateOptions(context, kubeletServing)),
      ...kubeletSettings(context),
      kubeletInstance(context),
    ]
  },
})
