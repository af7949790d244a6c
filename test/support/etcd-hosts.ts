import type { Facts } from '../../src/host/facts.ts'
import type { Cluster, Host } from '../../src/inventory/cluster.ts'
import type { Observed } from '../../src/kubernetes/observed.ts'
import type { Context } from '../../src/tasks/context.ts'
import { clusterOf, contextOf, factsOf, hostOf, observedOf, workerOf } from './facts.ts'

/** A host that runs etcd alone. */
export function etcdHostOf(name: string, overrides: Partial<Host> = {}): Host {
  return workerOf(name, `10.89.5.3${name.slice(1)}`, { roles: ['etcd'], ...overrides })
}

const hosts = [hostOf(), workerOf('w1', '10.89.5.21'), ...['e1', 'e2', 'e3'].map((name) => etcdHostOf(name))]

/** One control plane, a worker, and three hosts of etcd. */
export const clusterWithEtcdHosts: Cluster = clusterOf({ hosts })

/** A host of that cluster, which knows all the others. */
export function onHost(
  name: string,
  { facts = {}, ...observed }: Partial<Observed> & { readonly facts?: Parameters<typeof factsOf>[0] } = {},
): Context {
  const host = hosts.find((one) => one.name === name) ?? hostOf()
  const own = factsOf({ hostname: name, nodeIP: host.ssh.address, ...facts })
  const others = hosts.map((one): [string, Facts] => [one.name, factsOf({ nodeIP: one.ssh.address })])
  const fleet = new Map([...others, [name, own]])
  return contextOf({ cluster: clusterWithEtcdHosts, host, facts: own, fleet, observed: observedOf(observed) })
}
