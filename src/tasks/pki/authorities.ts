import { task } from '../../engine/task.ts'
import { isStacked } from '../../kubernetes/etcd-topology.ts'
import { authorities } from '../../pki/certificates.ts'
import { authority, serviceAccountKeys } from '../../resources/authority.ts'
import type { Context } from '../context.ts'
import { authoritySource } from '../control-planes.ts'

/** The authorities and the service account pair: kept where they are, made once where there are none. That of etcd is where etcd is. */
export const pkiAuthorities = task<Context>({
  name: 'pki/authorities',
  summary: 'Certificate authorities',
  resources(context) {
    const ours = authorities.filter(({ name }) => name !== 'etcd-ca' || isStacked(context.cluster))
    return [
      ...ours.map((spec) => authority(spec, authoritySource(context, spec), context.now)),
      serviceAccountKeys(authoritySource(context)),
    ]
  },
})
