import { type KubewrightError, KubewrightErrors } from '../engine/errors.ts'
import { connectionError } from '../host/connection-error.ts'
import type { Host } from '../inventory/cluster.ts'
import type { Command } from '../transport/command.ts'
import { type ExecResult, type Transport, TransportError } from '../transport/transport.ts'
import type { Invocation } from './verb.ts'

/** Runs a command that changes nothing; a failure of the transport becomes an error for a person. */
export async function readOnly(transport: Transport, script: Command, timeout = 30_000): Promise<ExecResult> {
  return transport.exec(script, { readOnly: true, timeout }).catch((thrown: unknown) => {
    throw thrown instanceof TransportError ? connectionError(thrown) : thrown
  })
}

/** Connects to hosts for as long as the work takes; those that do not answer are its second argument. */
export async function withHosts<Result>(
  { services, interruption }: Invocation,
  hosts: readonly Host[],
  work: (transports: ReadonlyMap<string, Transport>, errors: readonly KubewrightError[]) => Promise<Result>,
): Promise<Result> {
  const { transports, errors } = await services.connectHosts(hosts, { signal: interruption.abort })
  try {
    return await work(transports, errors)
  } finally {
    await Promise.allSettled([...transports.values()].map(async (transport) => transport.close()))
  }
}

/** As {@link withHosts}, when nothing can be done without one that answers. */
export async function withSomeHost<Result>(
  invocation: Invocation,
  hosts: readonly Host[],
  work: (transports: ReadonlyMap<string, Transport>) => Promise<Result>,
): Promise<Result> {
  return withHosts(invocation, hosts, async (transports, errors) => {
    if (transports.size === 0) throw new KubewrightErrors(errors)
    return work(transports)
  })
}
