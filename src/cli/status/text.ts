import { binarySize } from '../../host/size.ts'
import { counted, table } from '../render/text.ts'
import { withoutName } from '../render/same.ts'
import type { Style } from '../style.ts'
import { type CertificateStatus, type ClusterStatus, type EtcdStatus, type NodeStatus, warningDays } from './model.ts'

/** The status of a cluster for a person; `verbose` lists every certificate. */
export function statusText(status: ClusterStatus, view: { readonly style: Style; readonly verbose: boolean }): string {
  const { style } = view
  const sections = [
    heading(status, style),
    section('NODES', nodeTable(status.nodes), style),
    section('API SERVERS', apiServerTable(status), style),
    section('CONTROL PLANE', componentTable(status), style),
    section('ETCD', etcdTable(status), style),
    section('ADDONS', table(status.addons.map(({ name, ready, wanted }) => [name, `${ready}/${wanted} ready`])), style),
    section('CERTIFICATES', certificateLines(status.certificates, view.verbose), style),
    section('OUT OF REACH', unreachableTable(status), style),
    history(status),
  ]
  return sections
    .filter((text) => text !== '')
    .map((text) => emphasized(text, style))
    .join('\n\n')
}

function heading({ cluster, kubernetesVersion, api }: ClusterStatus, style: Style): string {
  const states = { up: '', down: 'the API does not answer', absent: 'there is no cluster yet' } as const
  const title = style('strong', `Cluster ${cluster}, Kubernetes ${kubernetesVersion}`)
  return states[api] === '' ? title : `${title}: ${style('bad', states[api])}`
}

function section(title: string, body: string, style: Style): string {
  if (body === '') return ''
  const lines = body.split('\n').map((line) => `  ${line}`)
  return [style('strong', title), ...lines].join('\n')
}

function nodeTable(nodes: readonly NodeStatus[]): string {
  return table(
    nodes.map((node) => [node.name, node.roles.join(','), nodeState(node), node.version, node.addresses.join(',')]),
  )
}

function nodeState({ ready, schedulable, inInventory }: NodeStatus): string {
  const words = [ready === undefined ? 'no node' : ready ? 'Ready' : 'NotReady']
  if (!schedulable) words.push('cordoned')
  if (!inInventory) words.push('not in the inventory')
  return words.join(', ')
}

function componentTable({ components }: ClusterStatus): string {
  const rows = components.map(({ node, name, ready, version }) => [node, name, ready ? 'Ready' : 'NotReady', version])
  return table(rows.toSorted((one, other) => one.join(' ').localeCompare(other.join(' '))))
}

const apiServerStates = {
  up: 'answers',
  down: 'does not answer',
  absent: 'is not there yet',
  unreachable: 'out of reach',
} as const

/** Nothing where there is nothing to tell of: no cluster, or one API server of which the heading speaks. */
function apiServerTable({ apiServers }: ClusterStatus): string {
  if (apiServers.length < 2 || apiServers.every(({ state }) => state === 'absent')) return ''
  return table(apiServers.map(({ host, state }) => [host, apiServerStates[state]]))
}

/** Members that were asked, then those that the others only know of. */
function etcdTable({ etcd }: ClusterStatus): string {
  const known = etcd.find(({ members }) => members.length > 0)?.members ?? []
  const learners = new Set(known.flatMap(({ name, learner }) => (learner ? [name] : [])))
  const silent = known.filter(({ name }) => !etcd.some(({ host }) => host === name))
  return table([
    ...etcd.map((member) => etcdRow(member, learners.has(member.host))),
    ...silent.map(({ name, learner }) => [
      name === '' ? '(no name yet)' : name,
      'not asked',
      learner ? 'learner' : 'member',
    ]),
  ])
}

function etcdRow(
  { host, healthy, leader, version, databaseSize, members, problem }: EtcdStatus,
  learner: boolean,
): readonly string[] {
  if (problem !== undefined) return [host, `unhealthy: ${problem}`]
  return [
    host,
    healthy ? 'healthy' : 'unhealthy',
    leader ? 'leader' : learner ? 'learner' : 'follower',
    version,
    binarySize(databaseSize),
    counted(members.length, 'member'),
  ]
}

function certificateLines(certificates: readonly CertificateStatus[], verbose: boolean): string {
  if (verbose) return table(certificates.toSorted((one, other) => one.days - other.days).map(certificateRow))
  const hosts = [...new Set(certificates.map(({ host }) => host))]
  return table(
    hosts.flatMap((host) => {
      const own = certificates.filter((one) => one.host === host).toSorted((one, other) => one.days - other.days)
      const soon = own.filter(({ days }) => days < warningDays)
      const first = own[0]
      if (soon.length > 0 || first === undefined) return soon.map(certificateRow)
      const [, name, date, left] = certificateRow(first)
      return [[host, counted(own.length, 'certificate'), `first to end: ${name} on ${date}, ${left}`]]
    }),
  )
}

function certificateRow({ host, name, notAfter, days }: CertificateStatus): readonly string[] {
  const left = days < warningDays ? ' left, EXPIRES SOON' : ' left'
  return [host, name, notAfter.slice(0, 10), days < 0 ? 'EXPIRED' : `${counted(days, 'day')}${left}`]
}

function unreachableTable({ unreachable }: ClusterStatus): string {
  return table(unreachable.map(({ host, code, reason }) => [host, code, withoutName(reason, host)]))
}

function history({ lastApply, unfinished }: ClusterStatus): string {
  const lines: string[] = []
  if (lastApply !== undefined) {
    const difference = lastApply.current ? '' : ', with another inventory than this one'
    lines.push(`Last apply: ${lastApply.at} by ${lastApply.by}${difference}.`)
  }
  if (unfinished !== undefined) {
    lines.push(`Unfinished: ${unfinished.playbook}, begun ${unfinished.at} by ${unfinished.by}; apply continues it.`)
  }
  return lines.join('\n')
}

/** Colours words last, because colours have no width and the tables count characters. */
function emphasized(text: string, style: Style): string {
  return text
    .replaceAll(/\b(?:NotReady|unhealthy|EXPIRED|EXPIRES SOON|no node|does not answer|out of reach)\b/g, (word) =>
      style('bad', word),
    )
    .replaceAll(/\b(?:Ready|healthy)\b(?!:)/g, (word) => style('good', word))
}
