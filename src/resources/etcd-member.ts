import { KubewrightError } from '../engine/errors.ts'
import type { Change, Deferred, Finding, Impact, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import type { EtcdStart } from '../kubernetes/component-flags.ts'
import { parseInitialCluster, parseMembers, startOf, type ListedMember } from '../kubernetes/etcd-members.ts'
import { manifestsDirectory } from '../kubernetes/node.ts'
import type { KubernetesObject } from '../kubernetes/object.ts'
import { isMapping, parseYaml, printYaml } from '../render/yaml.ts'
import { sh } from '../transport/command.ts'
import { parsePathState, type FilesResource, type PathState } from './file.ts'
import { staticPod } from './static-pod.ts'

/** A host that joins, or has joined, the etcd of the others. */
export interface JoiningMember {
  readonly name: string
  readonly peerURL: string
  readonly dataDirectory: string
  /** Client URLs: its own, and those of the others, first of those that live. */
  readonly ownURL: string
  readonly otherURLs: readonly string[]
}

/** What the host has, and what etcd says of its members; undefined if nobody answers. */
export interface MemberState {
  readonly hasData: boolean
  readonly hasManifest: boolean
  readonly members: readonly ListedMember[] | undefined
}

const functions = scriptFile('etcd/member.sh')
const manifest = `${manifestsDirectory}/etcd.yaml`

/** The members that a new one starts with, as etcd gave them when it was added. */
const initialCluster = '/var/lib/kubewright/etcd-initial-cluster'

/** A place among etcd's members: a learner first, since a voter that has yet to come would be missing in the quorum. */
export function etcdMembership(member: JoiningMember): Resource<MemberState> {
  const { name, peerURL, dataDirectory, otherURLs } = member
  return {
    id: 'etcd-membership',
    probe: memberProbe(member),
    examine: (state) => memberFindings(member, state),
    compare(state): Change | undefined {
      if (state.hasData && state.hasManifest && (state.members === undefined || own(member, state) !== undefined))
        return undefined
      const add = sh`${functions}
kw_etcd_add ${name} ${peerURL} ${dataDirectory} ${initialCluster} ${otherURLs} || exit 1`
      return {
        verb: 'create',
        summary: `etcd member ${name}: add ${peerURL} as a learner`,
        impact: 'none',
        actions: [{ kind: 'run', command: add, undo: 'inverse', timeout: 300 }],
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
      const promote = sh`${functions}
kw_etcd_promote ${peerURL} 240 ${otherURLs} || exit 1
rm -f ${initialCluster}`
      const isUnknown = state.hasData && state.members === undefined
      return {
        verb: 'update',
        summary: `etcd member ${name}: ${isUnknown ? 'decided when etcd answers' : 'promote it when it is in sync'}`,
        impact: 'none',
        actions: [{ kind: 'run', command: promote, undo: 'none', timeout: 300 }],
      }
    },
    digest: (state) => relevant(member, state),
  }
}

/** The manifest on a host, and whether etcd has data there. */
type ManifestState = PathState & { readonly hasData: boolean }

/**
 * etcd's manifest. The members that it is started with matter only while it has no data: until then one that joins gets those of
 * the moment, afterwards it keeps what it has. `joining` is the host of a member that joins; without it, it begins a cluster.
 */
export function etcdManifest(
  render: (start: EtcdStart) => KubernetesObject,
  { dataDirectory, impact, joining }: { dataDirectory: string; impact: Impact; joining?: string },
): FilesResource<ManifestState> {
  const first = staticPod(render({ initialCluster: [] }), impact)
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
      script: sh`[ -d ${`${dataDirectory}/member`} ] && echo data || echo none
kw_file ${manifest} - show`,
      parse: (output) => ({ ...parsePathState(output.slice(5)), hasData: output.startsWith('data\n') }),
    },
    compare(state): Change | undefined {
      const exists = state.kind === 'file'
      if (joining !== undefined && !(exists && state.hasData)) return joined(joining, exists ? 'update' : 'create')
      return exists ? staticPod(render(startIn(state.text)), impact).compare(state) : first.compare(state)
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

/** A manifest that cannot be read is repaired, and what it says of the start with it. */
function startIn(text: string): EtcdStart {
  try {
    const { spec } = parseYaml(text, manifest)
    const containers = isMapping(spec) && Array.isArray(spec['containers']) ? (spec['containers'] as unknown[]) : []
    const command = isMapping(containers[0]) ? containers[0]['command'] : undefined
    return startOf(Array.isArray(command) ? command : [])
  } catch {
    return { initialCluster: [] }
  }
}

function memberProbe({ dataDirectory, ownURL, otherURLs }: JoiningMember): Resource<MemberState>['probe'] {
  return {
    script: sh`${functions}
[ -d ${`${dataDirectory}/member`} ] && echo data
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
      message: `${member.dataDirectory} holds the data of a member that etcd on the other hosts does not know`,
      hint: `If the others have the cluster's data, reset this host (kubewright reset --limit ${member.name}) and apply again; else find out which etcd lives.`,
    },
  ]
}
