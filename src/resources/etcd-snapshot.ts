import type { Change, Finding, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { binarySize } from '../host/size.ts'
import { etcdFunctions, parseMembers, type ListedMember } from '../kubernetes/etcd-members.ts'
import { lines, sh } from '../transport/command.ts'
import { goingMember, type GoingMember } from './etcd-departure.ts'

/** A snapshot of etcd that was verified. */
interface KeptSnapshot {
  readonly file: string
  /** Seconds. */
  readonly age: number
  readonly revision: number
}

/** What a snapshot of the member that is asked would hold. */
interface Database {
  /** Bytes. */
  readonly size: number
  readonly revision: number
  /** Bytes that are free where snapshots are kept. */
  readonly free: number
}

/** etcd's members and database, undefined if it tells of none, and the snapshots on the host. */
interface SnapshotState {
  readonly members: readonly ListedMember[] | undefined
  readonly database: Database | undefined
  readonly snapshots: readonly KeptSnapshot[]
}

interface SnapshotOptions {
  /** Client URL of the member that is asked. */
  readonly askedURL: string
  /** The data itself goes, so that a snapshot is made even where etcd has lost its majority and tells of no members. */
  readonly erases?: boolean
  /** The host has data of a member, which tells of the others if it can be asked. */
  readonly hasData: boolean
  /** The user goes on without a snapshot. */
  readonly leftOut: boolean
}

/** What `--ignore` takes from those who go on without a snapshot. */
export const snapshotCheck = 'EtcdSnapshot'

const functions = lines(etcdFunctions, scriptFile('etcd/leave.sh'))
const directory = '/var/lib/kubewright/snapshots'

/** A snapshot of this age, in seconds, is not made again by a run that continues. */
const fresh = 3600

/** A verified copy of etcd's data from before any of the members goes, on the host that stays. */
export function etcdSnapshot(going: readonly GoingMember[], options: SnapshotOptions): Resource<SnapshotState> {
  const { askedURL, leftOut } = options
  return {
    id: 'etcd-snapshot',
    probe: {
      script: sh`${functions}
kw_snapshots ${directory}
command -v etcdctl >/dev/null && { kw_etcd ${askedURL} member list 2>/dev/null; kw_etcd_database ${askedURL} ${directory}; }`,
      parse: (output) => ({
        members: parseMembers(output),
        database: databaseIn(output),
        snapshots: snapshotsIn(output),
      }),
    },
    // What etcd tells goes on changing: that the command was successful is enough.
    proof: {
      script: sh`${functions}
kw_snapshots ${directory}`,
      parse: (output) => ({ members: undefined, database: undefined, snapshots: snapshotsIn(output) }),
    },
    examine(state) {
      const due = dueSnapshot(going, options, state)
      if (due !== undefined) return findings(due, leftOut, state.database)
      const isSilent = state.members === undefined && options.hasData && options.erases !== true
      return isSilent ? [untold(going)] : []
    },
    compare(state): Change | undefined {
      const due = dueSnapshot(going, options, state)
      if (due === undefined || leftOut) return undefined
      const command = sh`${functions}
kw_etcd_snapshot ${askedURL} ${due.file} || { echo ${`etcd has no snapshot, so ${due.name} stays: --ignore ${snapshotCheck} goes on without one`} >&2; exit 1; }`
      return {
        verb: 'create',
        summary: `save a snapshot of etcd as ${due.file}, and verify it`,
        impact: 'none',
        actions: [{ kind: 'run', command, undo: 'none' }],
      }
    },
    digest: () => undefined,
  }
}

interface DueSnapshot {
  /** The host whose member goes. */
  readonly name: string
  readonly file: string
}

/** The snapshot from before the first of those who go that is a member; where etcd does not tell, the first of them. */
function dueSnapshot(
  going: readonly GoingMember[],
  { erases = false }: SnapshotOptions,
  { members, database, snapshots }: SnapshotState,
): DueSnapshot | undefined {
  const [first] = going.flatMap(({ name, ...each }) => {
    if (members === undefined) return erases ? [{ name, file: `${directory}/without-${name}.db` }] : []
    const member = goingMember({ name, ...each }, members)
    return member === undefined ? [] : [{ name, file: `${directory}/without-${name}-${member.id}.db` }]
  })
  const isKept = snapshots.some(({ file, age, revision }) => {
    if (age >= fresh || first === undefined) return false
    if (members !== undefined) return file === first.file
    // Who of them is a member is not known, but without a majority nothing is written.
    return going.some(({ name }) => isFrom(file, name)) && (database?.revision ?? revision) === revision
  })
  return isKept ? undefined : first
}

/** Whether a snapshot is from before this host went, whichever member it had. */
function isFrom(file: string, name: string): boolean {
  const start = `${directory}/without-${name}`
  return file.startsWith(start) && /^(-[0-9a-f]+)?\.db$/.test(file.slice(start.length))
}

function untold(going: readonly GoingMember[]): Finding {
  const names = going.map(({ name }) => name).join(' or ')
  return {
    check: snapshotCheck,
    severity: 'warning',
    message: `etcd here does not tell its members, so no snapshot is saved should ${names} have been one that was lost`,
    hint: 'Run apply for the hosts that have etcd first (--limit): it brings etcdctl, if that is what is missing.',
  }
}

function findings({ name }: DueSnapshot, leftOut: boolean, database: Database | undefined): readonly Finding[] {
  const finding = (severity: Finding['severity'], message: string, hint: string): readonly Finding[] => [
    { check: snapshotCheck, severity, message, hint },
  ]
  if (leftOut) {
    const hint = 'If nobody else has that data, save a snapshot by yourself first.'
    return finding('warning', `no snapshot of etcd is saved before ${name} goes, as ${snapshotCheck} is ignored`, hint)
  }
  if (database === undefined || database.size < database.free) return []
  const message = `no room for a snapshot of etcd in ${directory}: it needs ${binarySize(database.size)}, and ${binarySize(database.free)} are free`
  const hint = `Free some space there. With --ignore ${snapshotCheck} ${name} goes without a snapshot.`
  return finding('error', message, hint)
}

function databaseIn(output: string): Database | undefined {
  const [, size, revision, free] = /^database (\d+) (\d+) (\d+)$/m.exec(output) ?? []
  return size === undefined ? undefined : { size: Number(size), revision: Number(revision), free: Number(free) }
}

function snapshotsIn(output: string): readonly KeptSnapshot[] {
  const rows = output.split('\n').map((line) => line.split(' '))
  return rows.flatMap(([word, file = '', age, , revision]) =>
    word === 'snapshot' ? [{ file, age: Number(age), revision: Number(revision) }] : [],
  )
}
