import { scriptFile } from '../host/script.ts'
import { lines } from '../transport/command.ts'
import { joinHostPort } from './node.ts'
import { etcdPorts, type EtcdMember, type EtcdStart } from './component-flags.ts'

/** Shell functions that ask etcd for its members, and change them. */
export const etcdFunctions = lines(scriptFile('etcd/client.sh'), scriptFile('etcd/member.sh'))

/** A member as `etcdctl member list` tells of it. */
export interface ListedMember {
  /** Hexadecimal, as etcdctl takes it. */
  readonly id: string
  /** Empty while it was never started. */
  readonly name: string
  readonly peerURLs: readonly string[]
  readonly learner: boolean
}

/** The URL on which a member listens to the others. */
export function etcdPeerURL(address: string): string {
  return `https://${joinHostPort(address, etcdPorts.peer)}`
}

/** The members in the output of `etcdctl member list`; undefined if there are none in it. */
export function parseMembers(output: string): readonly ListedMember[] | undefined {
  const members = output.split('\n').flatMap((line): ListedMember[] => {
    const [id = '', , name = '', peerURLs = '', , learner] = line.split(', ')
    return learner === undefined ? [] : [{ id, name, peerURLs: peerURLs.split(','), learner: learner === 'true' }]
  })
  return members.length === 0 ? undefined : members
}

/** `cp1=https://10.0.0.11:2380,cp2=https://10.0.0.12:2380`, the value of `--initial-cluster`. */
export function parseInitialCluster(text: string): readonly EtcdMember[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const at = part.indexOf('=')
      return at < 0 ? [] : [{ name: part.slice(0, at), peerURL: part.slice(at + 1) }]
    })
}

/** With which members etcd was started first, from the command of its pod. It means nothing any more once there is data. */
export function startOf(command: readonly unknown[]): EtcdStart {
  const initialCluster = parseInitialCluster(valueIn(command, 'initial-cluster') ?? '')
  const isJoined = valueIn(command, 'initial-cluster-state') === 'existing'
  return { initialCluster, initialClusterState: isJoined ? 'existing' : 'new' }
}

/** Where etcd has its data, from the command of its pod. */
export function dataDirectoryOf(command: readonly unknown[]): string | undefined {
  return valueIn(command, 'data-dir')
}

function valueIn(command: readonly unknown[], flag: string): string | undefined {
  const word = command.map(String).findLast((each) => each.startsWith(`--${flag}=`))
  return word?.slice(flag.length + 3)
}
