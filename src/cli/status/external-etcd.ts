import type { ObservedEndpoint } from '../../kubernetes/external-etcd.ts'
import type { EtcdStatus } from './model.ts'

/** The members of an external etcd, by their endpoints: each as the first control plane that reaches it sees it. */
export function externalEtcdStatus(observed: readonly ObservedEndpoint[]): readonly EtcdStatus[] {
  const endpoints = [...new Set(observed.map(({ endpoint }) => endpoint))]
  return endpoints.flatMap((endpoint) => {
    const views = observed.filter((view) => view.endpoint === endpoint)
    const view = views.find(({ found }) => !('problem' in found)) ?? views[0]
    return view === undefined ? [] : [statusOf(view, endpoints)]
  })
}

function statusOf({ endpoint, found }: ObservedEndpoint, endpoints: readonly string[]): EtcdStatus {
  const host = placeOf(endpoint)
  if ('problem' in found) {
    return { host, healthy: false, leader: false, version: '', databaseSize: 0, members: [], problem: found.message }
  }
  const { version, databaseSize, members, memberId, leaderId, errors } = found
  const problem = errors.length > 0 ? errors.join('; ') : leaderId === '0' ? 'there is no leader' : undefined
  return {
    host,
    healthy: problem === undefined,
    leader: memberId === leaderId,
    version,
    databaseSize,
    members: members.map(({ name, clientURLs, learner }) => {
      const url = clientURLs.find((each) => endpoints.includes(each)) ?? clientURLs[0]
      return { name: url === undefined ? name : placeOf(url), learner }
    }),
    problem,
  }
}

function placeOf(url: string): string {
  return url.replace(/^https:\/\//, '')
}
