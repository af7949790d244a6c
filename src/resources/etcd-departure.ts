import type { Change, Finding, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { etcdFunctions, parseMembers, type ListedMember } from '../kubernetes/etcd-members.ts'
import { departureOf, labelOf, type CountedMember } from '../kubernetes/quorum.ts'
import { lines, sh } from '../transport/command.ts'

/** A host whose member of etcd goes. */
export interface GoingMember {
  readonly name: string
  /** Where its member listens to the others, as far as its addresses are known. */
  readonly peerURLs: readonly string[]
  /** Where members listen that have its name, but are another host's by now. */
  readonly otherPeerURLs: readonly string[]
  /** Its host is about to join anew: a member there that has not started, or learns, is the new one and stays. */
  readonly joins: boolean
}

/** A member that leaves etcd, seen from a control plane that stays. */
export interface DepartingMember extends GoingMember {
  /** Client URL of the member that is asked. */
  readonly askedURL: string
  /** Nobody goes to its host, so that its member must not live any more. */
  readonly offline: boolean
}

/** etcd's members, undefined if it does not answer. */
export interface DepartureState {
  readonly members: readonly CountedMember[] | undefined
}

const functions = lines(etcdFunctions, scriptFile('etcd/leave.sh'))

/** The member leaves etcd, by its id. What stands against it is found before anything is done. */
export function etcdDeparture(departing: DepartingMember): Resource<DepartureState> {
  return {
    id: 'etcd-departure',
    probe: departureProbe(departing),
    examine: (state) => departureFindings(departing, state),
    compare(state): Change | undefined {
      const leaving = goingMember(departing, state.members ?? [])
      if (leaving === undefined) return undefined
      const command = sh`${functions}
kw_etcd_remove ${departing.askedURL} ${leaving.id} || exit 1`
      return {
        verb: 'delete',
        summary: `remove etcd's member ${labelOf(leaving)} (${leaving.id}): ${departureOf(leaving, state.members ?? []).arithmetic}`,
        impact: 'none',
        actions: [{ kind: 'run', command, undo: 'none' }],
      }
    },
    digest: ({ members }) => members?.map(({ id, healthy, learner }) => ({ id, healthy, learner })),
  }
}

function departureProbe({ askedURL }: DepartingMember): Resource<DepartureState>['probe'] {
  return {
    script: sh`${functions}
command -v etcdctl >/dev/null && kw_list=$(kw_etcd ${askedURL} member list 2>/dev/null) && { printf '%s\n' "$kw_list"; kw_etcd_healthy "$kw_list"; }`,
    parse(output) {
      const healthy = [...output.matchAll(/^healthy (.+)$/gm)].map(([, id]) => id)
      return {
        members: parseMembers(output)?.map((member) => ({ ...member, healthy: healthy.includes(member.id) })),
      }
    },
  }
}

/** What is listed of a member that goes. */
export function goingMember<Member extends ListedMember>(
  { name, peerURLs, otherPeerURLs, joins }: GoingMember,
  members: readonly Member[],
): Member | undefined {
  return members
    .filter((member) => !member.peerURLs.some((url) => otherPeerURLs.includes(url)))
    .filter((member) => !joins || (member.name !== '' && !member.learner))
    .find((member) => member.name === name || member.peerURLs.some((url) => peerURLs.includes(url)))
}

function departureFindings(departing: DepartingMember, state: DepartureState): readonly Finding[] {
  if (state.members === undefined) {
    const message = `etcd at ${departing.askedURL} does not answer: it has lost its majority, or does not run`
    return refused('EtcdAnswers', message, 'Bring enough of its members back; without a majority nobody can be let go.')
  }
  const leaving = goingMember(departing, state.members)
  if (leaving === undefined) return []
  const { possible, arithmetic } = departureOf(leaving, state.members)
  if (!possible) {
    const hint = 'Bring the members that do not answer back, or replace them, before this one goes.'
    return refused('EtcdQuorum', `etcd would lose its majority: ${arithmetic}`, hint)
  }
  if (!departing.offline || !leaving.healthy) return []
  const message = `the etcd of ${departing.name} answers, so its host lives`
  return refused(
    'EtcdMemberLives',
    message,
    'Leave --offline out, so that the host is cleaned, or stop the host first.',
  )
}

/** What cannot be ignored: etcd would be lost with all that it holds. */
function refused(check: string, message: string, hint: string): readonly Finding[] {
  return [{ check, severity: 'error', final: true, message, hint }]
}
