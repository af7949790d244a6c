import type { Change, Resource } from '../engine/resource.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import type { AuthoritySpec } from '../pki/certificates.ts'
import { sh } from '../transport/command.ts'
import { applyCommand, type ApiAccess } from './api-object.ts'
import { authorityForSigning, type AuthoritySource } from './authority.ts'

/** ConfigMap cluster-info while the authority's certificate is not known yet; once it is, it is an object like the others. */
export function clusterInfoObject(wanted: {
  readonly render: (caCertificate: string) => KubernetesObject
  readonly authority: AuthoritySpec
  readonly source: AuthoritySource
  readonly access: ApiAccess
}): Resource<boolean> {
  const { access, authority, source } = wanted
  const name = 'ConfigMap kube-public/cluster-info'
  return {
    id: 'object:ConfigMap/kube-public/cluster-info',
    probe: {
      script: sh`[ -e /etc/kubernetes/admin.conf ] && kw_kubectl ${access.server} get -n kube-public configmap cluster-info -o name --request-timeout=10s`,
      parse: (output) => output.trim() !== '',
    },
    compare(present): Change | undefined {
      if (present) return undefined
      return {
        verb: 'create',
        summary: `create ${name}`,
        impact: 'none',
        actions: [
          {
            kind: 'run',
            command: applyCommand(access),
            input: {
              kind: 'deferred',
              description: `${name}, known after apply`,
              async resolve(context) {
                const { certificate } = await authorityForSigning(authority, source, context)
                return JSON.stringify(wanted.render(certificate))
              },
            },
            undo: 'restore',
          },
        ],
      }
    },
  }
}
