import { hostname, userInfo } from 'node:os'
import type { Emit } from '../engine/events.ts'
import type { Target } from '../engine/target.ts'
import type { Facts } from '../host/facts.ts'
import { lockHost, type HostLock } from '../host/lock.ts'
import { hostTarget } from '../host/target.ts'
import type { Transport } from '../transport/transport.ts'
import { settle } from './settle.ts'

/** Connections and locks of one run. */
export class Held {
  readonly #transports: ReadonlyMap<string, Transport>
  /** Only read, so that they need no lock. */
  readonly witnesses: ReadonlyMap<string, Transport>
  readonly #locks = new Map<string, HostLock>()

  constructor(transports: ReadonlyMap<string, Transport>, witnesses: ReadonlyMap<string, Transport>) {
    this.#transports = transports
    this.witnesses = witnesses
  }

  async lock(operation: string, emit: Emit): Promise<void> {
    const holder = { who: whoAmI(), operation, since: new Date().toISOString() }
    await settle(
      [...this.#transports].map(async ([name, transport]) => {
        this.#locks.set(name, await lockHost(transport, holder, emit))
      }),
    )
  }

  targets(facts: ReadonlyMap<string, Facts>): ReadonlyMap<string, Target> {
    return new Map(
      [...this.#transports].map(([name, transport]) => [
        name,
        hostTarget(transport, facts.get(name)?.state.cluster, () => this.#locks.get(name)?.lost() ?? false),
      ]),
    )
  }

  async release(): Promise<void> {
    await Promise.allSettled([...this.#locks.values()].map((lock) => lock.release()))
    const open = [...this.#transports.values(), ...this.witnesses.values()]
    await Promise.allSettled(open.map((transport) => transport.close()))
  }
}

/** `user@host` of whoever started the run, as locks and journals name him. */
export function whoAmI(): string {
  return `${userInfo().username}@${hostname()}`
}
