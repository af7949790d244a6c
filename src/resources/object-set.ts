import type { Action, Change, Resource } from '../engine/resource.ts'
import { objectName, type KubernetesObject } from '../kubernetes/object.ts'
import { sh } from '../transport/command.ts'
import { applyCommand, type ApiAccess, looksAtObject, type ObjectState } from './api-object.ts'

/** What was applied as one set; undefined where nothing was recorded. */
interface RecordedSet extends Pick<ObjectState, 'api'> {
  readonly members: readonly string[] | undefined
}

/** Deleting these would delete what others have put into them. */
const kept = new Set(['CustomResourceDefinition', 'Namespace'])

/** The objects of an earlier version of a manifest that the wanted one does not have any more are gone. Which ones there were is recorded in a ConfigMap. */
export function prunedObjects(
  name: string,
  objects: readonly KubernetesObject[],
  access: ApiAccess,
): Resource<RecordedSet> {
  const record = `kubewright-${name}`
  const wanted = objects.map(memberOf).toSorted()
  const object = recordOf(record, wanted)
  return {
    id: `objects:${name}`,
    ...looksAtObject(object, access, recordedSet),
    compare({ api, members }): Change | undefined {
      const recording: Action = {
        kind: 'apply',
        name: `ConfigMap kube-system/${record}`,
        object,
        command: applyCommand(access),
        undo: 'restore',
      }
      const common = { impact: 'none', actions: [recording] } as const
      if (api === 'unknown') {
        const summary = `objects of ${name}: decided when the API is up`
        return { ...common, verb: 'update', summary, actions: [noneObsolete(record, wanted, access), recording] }
      }
      if (members === undefined) return { ...common, verb: 'create', summary: `record the objects of ${name}` }
      if (members.join('\n') === wanted.join('\n')) return undefined
      const obsolete = members.filter((member) => !wanted.includes(member) && !kept.has(member.split(' ')[1] ?? ''))
      if (obsolete.length === 0) return { ...common, verb: 'update', summary: `record the objects of ${name}` }
      const names = obsolete.map((member) => objectName(objectOf(member)))
      return {
        verb: 'delete',
        summary: `delete what the manifest of ${name} has no longer: ${names.join(', ')}`,
        impact: 'workload',
        actions: [...obsolete.map((member) => deletion(member, access)), recording],
      }
    },
  }
}

/** `apps/v1 DaemonSet kube-system calico-node`; `-` where there is no namespace. */
function memberOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  return [apiVersion, kind, metadata.namespace ?? '-', metadata.name].join(' ')
}

function objectOf(member: string): KubernetesObject {
  const [apiVersion = '', kind = '', namespace = '-', name = ''] = member.split(' ')
  return { apiVersion, kind, metadata: { name, ...(namespace === '-' ? {} : { namespace }) } }
}

function deletion(member: string, { server }: ApiAccess): Action {
  const object = JSON.stringify(objectOf(member))
  const command = sh`printf '%s' ${object} | kw_kubectl ${server} delete --ignore-not-found --wait=false -f - >/dev/null`
  return { kind: 'run', command, undo: 'none' }
}

/** Fails if the record, which could not be read, holds more than what is wanted: written anew it would forget what is to be deleted. */
function noneObsolete(record: string, wanted: readonly string[], { server }: ApiAccess): Action {
  const command = sh`kw_set=$(kw_kubectl ${server} -n kube-system get configmap ${record} --ignore-not-found -o jsonpath=${'{.data.objects}'} --request-timeout=20s) || exit 1
if kw_more=$(printf '%s\n' "$kw_set" | grep -vxF ${wanted.join('\n')} | grep .); then
echo "the API did not answer when it was asked what is obsolete, but now it does: run apply again for $kw_more" >&2
exit 1
fi`
  return { kind: 'run', command, undo: 'none' }
}

function recordOf(name: string, members: readonly string[]): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'kube-system' },
    data: { objects: `${members.join('\n')}\n` },
  }
}

function recordedSet({ api, live }: ObjectState): RecordedSet {
  const { objects } = (live?.['data'] ?? {}) as { readonly objects?: string }
  return {
    api,
    members: live === undefined ? undefined : (objects ?? '').split('\n').filter((member) => member !== ''),
  }
}
