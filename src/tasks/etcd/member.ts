import { task } from '../../engine/task.ts'
import { etcdClientURL, etcdLogDirectory } from '../../kubernetes/component-flags.ts'
import { etcdPeerURL } from '../../kubernetes/etcd-members.ts'
import { runsEtcd } from '../../kubernetes/etcd-topology.ts'
import { etcdPod, type EtcdStart } from '../../kubernetes/static-pods.ts'
import { etcdManifest, etcdMembership, etcdVote, type JoiningMember } from '../../resources/etcd-member.ts'
import { directory } from '../../resources/file.ts'
import { etcdTurn } from '../../resources/turn.ts'
import { isControlPlane } from '../../inventory/roles.ts'
import type { Context } from '../context.ts'
import { placedFiles, shownWaits, viewOf } from '../control-plane/static-pods.ts'
import { leadingMember, memberNames, nodeIPOf } from '../control-planes.ts'

/** etcd's member on the host that leads: the first one of a new cluster. */
export const etcdMember = task<Context>({
  name: 'etcd/member',
  summary: 'Run etcd',
  resources: (context) =>
    runsEtcd(context.cluster, context.host)
      ? [...directories(context), etcdManifest(podOf(context), optionsOf(context))]
      : [],
})

/** etcd's member on any other host: it becomes a learner, starts, and gets its vote when it is in sync. One host at a time. */
export const etcdJoin = task<Context>({
  name: 'etcd/join',
  summary: 'Join etcd',
  resources(context) {
    if (!runsEtcd(context.cluster, context.host)) return []
    const member = joiningMember(context)
    const { name } = context.host
    return [
      ...directories(context),
      etcdMembership(member),
      etcdManifest(podOf(context), { ...optionsOf(context), joining: name }),
      etcdVote(member),
    ]
  },
})

function directories({ cluster, host }: Context) {
  return [directory(host.directories.etcd, { mode: 0o700 }), ...placedFiles(cluster.etcd)]
}

function optionsOf(context: Context) {
  const { cluster, host, facts } = context
  const turn = etcdTurn(etcdClientURL(facts.nodeIP))
  const waits = isControlPlane(host) ? shownWaits(context) : { socket: host.containerd.criSocket }
  return { logDirectory: etcdLogDirectory(cluster, host), impact: 'api-outage', turn, ...waits } as const
}

function podOf(context: Context) {
  const { cluster, host } = context
  return (start: EtcdStart) => etcdPod(cluster, host, { ...viewOf(context, cluster.etcd), ...start })
}

function joiningMember(context: Context): JoiningMember {
  const { host, facts, observed } = context
  const leading = leadingMember(context)
  const others = memberNames(context).filter((name) => name !== host.name)
  const inOrder = [...others.filter((name) => name === leading), ...others.filter((name) => name !== leading)]
  const [known] = [...observed.controlPlanes, ...observed.etcdHosts].flatMap(({ host: name, etcdMembers }) =>
    name === host.name || etcdMembers === undefined ? [] : [etcdMembers],
  )
  return {
    name: host.name,
    peerURL: etcdPeerURL(facts.nodeIP),
    logDirectory: etcdLogDirectory(context.cluster, host),
    ownURL: etcdClientURL(facts.nodeIP),
    known,
    otherURLs: inOrder.flatMap((name) => nodeIPOf(context, name) ?? []).map(etcdClientURL),
  }
}
