import { scriptFile } from '../host/script.ts'
import { etcdFunctions } from '../kubernetes/etcd-members.ts'
import { sh, type Command } from '../transport/command.ts'

/** One of several that shall not all be down: `before` waits until it may stop, `after` until it is as well as it was. Both fail in time. */
export interface Turn {
  readonly before: Command
  readonly after: Command
}

const functions = scriptFile('control-plane/turn.sh')

/** A member of etcd stops only while all the others are healthy. */
export function etcdTurn(ownURL: string): Turn {
  return {
    before: sh`${etcdFunctions}
${functions}
kw_etcd_turn ${ownURL} || exit 1`,
    after: sh`kw_etcd_back ${ownURL} || exit 1`,
  }
}

/** An API server stops only while all the others are ready. */
export function apiServerTurn(own: string, others: readonly string[]): Turn {
  return {
    before: sh`${functions}
kw_api_turn ${own} ${others} || exit 1`,
    after: sh`kw_api_back ${own} || exit 1`,
  }
}
