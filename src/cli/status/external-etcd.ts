import type { ObservedEndpoint } from '../../kubernetes/external-etcd.ts'
import type { EtcdStatus } from './model.ts'

/** The members of an external etcd, by their endpoints: each as the first control plane that reaches it sees it. */
export function externalEtcdStatus(observed: readonly ObservedEndpoint[]): readonly EtcdStatus[] {
  const endpoints = [...new Set(observed.map(({ endpoint }) => endpoint))]
  return endpoints.flatMap((endpoint) => {
    const views = observed.filter((view) => view.endpoint === endpoint)
    const view = views.find(({ found }) => !('problem' in found)) ?? views[0]
    return view === undefined ? [] : [statusOf(view)]
  })
}

function statusOf({ endpoint, found }: ObservedEndpoint): EtcdStatus {
  const host = endpoint.replace(/^https:\/\//, '')
  if ('problem' in found) {
    return { host, healthy: false, leader: false, version: '', databaseSize: 0, members: 0, problem: found.message }
  }
  const { version, databaseSize, members, memberId, leaderId, errors } = found
  const problem = errors.length > 0 ? errors.join('; ') : leaderId === '0' ? 'there is no leader' : undefined
  return {
    host,
    healthy: problem === undefined,
    leader: memberId === leaderId,
    version,
    databaseSize,
    members,
    problem,
  }
}
