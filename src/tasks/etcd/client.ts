import { task } from '../../engine/task.ts'
import type { ExternalEtcd } from '../../inventory/cluster.ts'
import { etcdClientFiles, isStacked } from '../../kubernetes/etcd-topology.ts'
import { etcdClientKey } from '../../kubernetes/external-etcd.ts'
import { certificates } from '../../pki/certificates.ts'
import { caCertificateFile } from '../../resources/ca-certificate.ts'
import { certificate } from '../../resources/certificate.ts'
import { file } from '../../resources/file.ts'
import type { Context } from '../context.ts'
import { authoritySource, certificateOptions, etcdAuthority, specOf } from '../control-planes.ts'

/** What the API server needs for an etcd that is not on its host; with one on its host that is among its certificates. */
export const etcdClient = task<Context>({
  name: 'etcd/client',
  summary: 'Certificates for etcd elsewhere',
  resources(context) {
    const { external } = context.cluster.etcd
    if (external !== undefined) return given(external, context)
    return isStacked(context.cluster) ? [] : issued(context)
  },
})

/** The inventory's files. */
function given({ caCertificate, certificate: client }: ExternalEtcd, { secrets }: Context) {
  const key = secrets.get(etcdClientKey)
  if (key === undefined) throw new Error('the key for the external etcd was not read')
  return [
    file(etcdClientFiles.ca, caCertificate),
    file(etcdClientFiles.key, key, { mode: 0o600 }),
    file(etcdClientFiles.certificate, client),
  ]
}

/** The key of etcd's authority stays on the hosts of etcd. */
function issued(context: Context) {
  const known = context.observed.authorities[etcdAuthority.path]?.certificate
  const clients = certificates.filter(({ name }) => name === 'apiserver-etcd-client')
  return [
    caCertificateFile(etcdAuthority, authoritySource(context, etcdAuthority), known),
    ...clients.map((row) => certificate(specOf(row, context), certificateOptions(context, row))),
  ]
}
