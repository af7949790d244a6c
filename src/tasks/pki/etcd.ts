import { task } from '../../engine/task.ts'
import { certificates } from '../../pki/certificates.ts'
import { authority } from '../../resources/authority.ts'
import { certificate } from '../../resources/certificate.ts'
import type { Context } from '../context.ts'
import { authoritySource, certificateOptions, etcdAuthority, specOf } from '../control-planes.ts'

/** The certificates of a member, below the directory that its pod sees. */
const ofMembers = certificates.filter(({ path }) => path.startsWith('etcd/'))

/** etcd's authority, which all hosts of etcd share, and the certificates of the member: on hosts that run nothing else. */
export const pkiEtcd = task<Context>({
  name: 'pki/etcd',
  summary: 'Authority and certificates of etcd',
  resources: (context) => [
    authority(etcdAuthority, authoritySource(context, etcdAuthority), context.now),
    ...ofMembers.map((row) => certificate(specOf(row, context), certificateOptions(context, row))),
  ],
})
