import type { Change, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { etcdFunctions, parseMembers, type ListedMember } from '../kubernetes/etcd-members.ts'
import { lines, sh } from '../transport/command.ts'
import { goingMember, type GoingMember } from './etcd-departure.ts'

/** A snapshot of etcd that was verified. */
interface KeptSnapshot {
  readonly file: string
  /** Seconds. */
  readonly age: number
}

/** etcd's members, undefined if it tells of none, and the snapshots on the host. */
interface SnapshotState {
  readonly members: readonly ListedMember[] | undefined
  readonly snapshots: readonly KeptSnapshot[]
}

interface SnapshotOptions {
  /** Client URL of the member that is asked. */
  readonly askedURL: string
  /** The data itself goes, so that a snapshot is made even where etcd has lost its majority and tells of no members. */
  readonly erases?: boolean
}

const functions = lines(etcdFunctions, scriptFile('etcd/leave.sh'))
const directory = '/var/lib/kubewright/snapshots'

/** A snapshot of this age, in seconds, is not made again by a run that continues. */
const fresh = 3600

/** A verified copy of etcd's data from before any of the members goes, on the host that stays. */
export function etcdSnapshot(
  going: readonly GoingMember[],
  { askedURL, erases = false }: SnapshotOptions,
): Resource<SnapshotState> {
  return {
    id: 'etcd-snapshot',
    probe: {
      script: sh`${functions}
kw_snapshots ${directory}
command -v etcdctl >/dev/null && kw_etcd ${askedURL} member list 2>/dev/null`,
      parse: (output) => ({ members: parseMembers(output), snapshots: snapshotsIn(output) }),
    },
    compare({ members, snapshots }): Change | undefined {
      const label = labelOf(going, erases ? members : (members ?? []))
      if (label === undefined) return undefined
      const file = `${directory}/without-${label}.db`
      if (snapshots.some((snapshot) => snapshot.file === file && snapshot.age < fresh)) return undefined
      const command = sh`${functions}
kw_etcd_snapshot ${askedURL} ${file} || exit 1`
      return {
        verb: 'create',
        summary: `save a snapshot of etcd as ${file}, and verify it`,
        impact: 'none',
        actions: [{ kind: 'run', command, undo: 'none' }],
      }
    },
    digest: () => undefined,
  }
}

/** The first of those who go that is a member; where etcd does not tell, the first of them. */
function labelOf(going: readonly GoingMember[], members: readonly ListedMember[] | undefined): string | undefined {
  if (members === undefined) return going[0]?.name
  return going.flatMap((each) => {
    const member = goingMember(each, members)
    return member === undefined ? [] : [`${each.name}-${member.id}`]
  })[0]
}

function snapshotsIn(output: string): readonly KeptSnapshot[] {
  const rows = output.split('\n').map((line) => line.split(' '))
  return rows.flatMap(([word, file = '', age]) => (word === 'snapshot' ? [{ file, age: Number(age) }] : []))
}
