import { KubewrightError } from '../engine/errors.ts'
import type { Change, Deferred, Finding, Impact, Resource } from '../engine/resource.ts'
import type { EtcdStart } from '../kubernetes/component-flags.ts'
import {
  etcdFunctions,
  dataDirectoryOf,
  parseInitialCluster,
  parseMembers,
  startOf,
  type ListedMember,
} from '../kubernetes/etcd-members.ts'
import { manifestsDirectory } from '../kubernetes/node.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import { isMapping, parseYaml, printYaml } from '../render/yaml.ts'
import { sh } from '../transport/command.ts'
import { parsePathState, type FilesResource } from './file.ts'
import type { PathState } from './path.ts'
import { staticPod, type StaticPodWaits } from './static-pod.ts'

/** A host that joins, or has joined, the etcd of the others. */
export interface JoiningMember {
  readonly name: string
  readonly peerURL: string
  /** Where etcd's log is as soon as it has data. */
  readonly logDirectory: string
  /** Client URLs: its own, and those of the others, first of those that live. */
  readonly ownURL: string
  readonly otherURLs: readonly string[]
  /** The members as the others know them, for a host that cannot ask yet. */
  readonly known: readonly ListedMember[] | undefined
}

/** What the host has, and what etcd says of its members; undefined if nobody answers. */
export interface MemberState {
  readonly hasData: boolean
  readonly hasManifest: boolean
  readonly members: readonly ListedMember[] | undefined
}

const manifest = `${manifestsDirectory}/etcd.yaml`

/** The members that a new one starts with, as etcd gave them when it was added. */
const initialCluster = '/var/lib/kubewright/etcd-initial-cluster'

/** A place among etcd's members: a learner first, since a voter that has yet to come would be missing in the quorum. */
export function etcdMembership(member: JoiningMember): Resource<MemberState> {
  const { name, peerURL, logDirectory, otherURLs } = member
  return {
    id: 'etcd-membership',
    probe: memberProbe(member),
    examine: (state) => memberFindings(member, state),
    compare(state): Change | undefined {
      if (state.hasData && state.hasManifest && (state.members === undefined || own(member, state) !== undefined))
        return undefined
      const add = sh`${etcdFunctions}
kw_etcd_add ${name} ${peerURL} ${logDirectory} ${initialCluster} ${otherURLs} || exit 1`
      const old = formerSelves(member, state)
      const removal = old.map(({ id, peerURLs }) => `remove ${id} (${peerURLs.join(', ')}), whose data is gone, and `)
      return {
        verb: old.length === 0 ? 'create' : 'update',
        summary: `etcd member ${name}: ${removal.join('')}add ${peerURL} as a learner`,
        impact: 'none',
        actions: [{ kind: 'run', command: add, undo: 'inverse' }],
      }
    },
    digest: (state) => relevant(member, state),
  }
}

/** The vote of a member that has caught up with the others. */
export function etcdVote(member: JoiningMember): Resource<MemberState> {
  const { name, peerURL, otherURLs } = member
  return {
    id: 'etcd-vote',
    probe: memberProbe(member),
    compare(state): Change | undefined {
      if (state.hasData && own(member, state)?.learner === false) return undefined
      const promote = sh`${etcdFunctions}
kw_etcd_promote ${peerURL} 240 ${otherURLs} || exit 1
rm -f ${initialCluster}`
      const isUnknown = state.hasData && state.members === undefined
      return {
        verb: 'update',
        summary: `etcd member ${name}: ${isUnknown ? 'decided when etcd answers' : 'promote it when it is in sync'}`,
        impact: 'none',
        actions: [{ kind: 'run', command: promote, undo: 'none' }],
      }
    },
    digest: (state) => relevant(member, state),
  }
}

/** The manifest on a host, and whether etcd has data there. */
type ManifestState = PathState & { readonly hasData: boolean }

/** `joining` is the host of a member that joins; without it, it begins a cluster. */
interface EtcdManifestOptions extends StaticPodWaits {
  readonly logDirectory: string
  readonly impact: Impact
  readonly joining?: string
}

/**
 * etcd's manifest. The members that it is started with matter only while it has no data: until then one that joins gets those of
 * the moment, afterwards it keeps what it has.
 */
export function etcdManifest(
  render: (start: EtcdStart) => KubernetesObject,
  { logDirectory, impact, joining, ...waits }: EtcdManifestOptions,
): FilesResource<ManifestState> {
  const first = staticPod(render({ initialCluster: [] }), impact, waits)
  const joined = (host: string, verb: 'create' | 'update'): Change => {
    const content = joiningManifest(render, host)
    const summary = `write ${manifest} (${content.description})`
    return {
      verb,
      summary,
      impact,
      actions: [{ kind: 'write', path: manifest, content, mode: 0o600, undo: 'restore' }],
    }
  }
  return {
    id: first.id,
    files: first.files,
    probe: {
      script: sh`${etcdFunctions}
kw_etcd_has_data ${logDirectory} && echo data || echo none
kw_file ${manifest} - show`,
      parse: (output) => ({ ...parsePathState(output.slice(5)), hasData: output.startsWith('data\n') }),
    },
    examine: ({ text }) => movedFindings(text, render({ initialCluster: [] })),
    compare(state): Change | undefined {
      const exists = state.kind === 'file'
      if (joining !== undefined && !(exists && state.hasData)) return joined(joining, exists ? 'update' : 'create')
      return exists
        ? staticPod(render(startOf(commandIn(state.text))), impact, waits).compare(state)
        : first.compare(state)
    },
    digest: ({ kind, mode, owner, sha256, hasData }) => ({ kind, mode, owner, sha256, hasData }),
  }
}

function joiningManifest(render: (start: EtcdStart) => KubernetesObject, host: string): Deferred<string> {
  return {
    kind: 'deferred',
    description: "etcd's members of that moment, known after apply",
    async resolve(context) {
      const members = await context.read(host, initialCluster)
      if (members === undefined) throw membersLost(host)
      return printYaml(
        render({ initialCluster: parseInitialCluster(members.reveal()), initialClusterState: 'existing' }),
      )
    },
  }
}

function membersLost(host: string): KubewrightError {
  return new KubewrightError({
    code: 'KW3022',
    exit: 'apply',
    host,
    message: `${initialCluster} is gone, which etcd's members were written to a moment ago`,
    hint: 'Run apply again; it asks etcd again.',
  })
}

/** The command of etcd's pod. A manifest that cannot be read is repaired, and what it says of the start with it. */
function commandIn(text: string): readonly unknown[] {
  try {
    const { spec } = parseYaml(text, manifest)
    const containers = isMapping(spec) && Array.isArray(spec['containers']) ? (spec['containers'] as unknown[]) : []
    const command = isMapping(containers[0]) ? containers[0]['command'] : undefined
    return Array.isArray(command) ? command : []
  } catch {
    return []
  }
}

/** With an empty directory etcd would begin another cluster under the name of this one, and an API server would serve that. */
function movedFindings(text: string, wanted: KubernetesObject): readonly Finding[] {
  const [has, shall] = [text, printYaml(wanted)].map((each) => dataDirectoryOf(commandIn(each)))
  if (has === undefined || shall === undefined || has === shall) return []
  return [
    {
      check: 'EtcdDataDirectory',
      severity: 'error',
      final: true,
      message: `etcd has its data in ${has}, the inventory says ${shall}; apply does not move it`,
      hint: `Set directories.etcd of the host back to ${has}.`,
    },
  ]
}

function memberProbe({ logDirectory, ownURL, otherURLs }: JoiningMember): Resource<MemberState>['probe'] {
  return {
    script: sh`${etcdFunctions}
kw_etcd_has_data ${logDirectory} && echo data
[ -e ${manifest} ] && echo manifest
[ -e /etc/kubernetes/pki/etcd/healthcheck-client.crt ] && command -v etcdctl >/dev/null && kw_etcd_members ${ownURL} ${otherURLs}`,
    parse: (output) => ({
      hasData: output.startsWith('data\n'),
      hasManifest: /^manifest$/m.test(output),
      members: parseMembers(output),
    }),
  }
}

function own({ peerURL }: JoiningMember, { members }: MemberState): ListedMember | undefined {
  return members?.find(({ peerURLs }) => peerURLs.includes(peerURL))
}

/** What this host was among the members before it lost its data: it is removed to make place. */
function formerSelves(
  member: JoiningMember,
  { hasData, members = member.known }: MemberState,
): readonly ListedMember[] {
  if (hasData || members === undefined) return []
  const started = members.filter(({ name }) => name !== '')
  return started.filter(({ name, peerURLs }) => name === member.name || peerURLs.includes(member.peerURL))
}

function relevant(member: JoiningMember, state: MemberState): unknown {
  const { hasData, hasManifest, members } = state
  return { hasData, hasManifest, answers: members !== undefined, own: own(member, state) }
}

function memberFindings(member: JoiningMember, state: MemberState): readonly Finding[] {
  if (!state.hasData || state.members === undefined || own(member, state) !== undefined) return []
  return [
    {
      check: 'EtcdMember',
      severity: 'error',
      final: true,
      message: `${member.logDirectory} holds the data of a member that etcd on the other hosts does not know`,
      hint: `If the others have the cluster's data, reset this host (kubewright reset --limit ${member.name}) and apply again; else find out which etcd lives.`,
    },
  ]
}
