import type { ListeningPort } from '../../host/facts.ts'
import { runsEtcd } from '../../kubernetes/etcd-topology.ts'
import { haproxyHealthPort } from '../../kubernetes/haproxy.ts'
import { isNode } from '../../inventory/roles.ts'
import { apiServerPort, isNodeLocal } from '../../kubernetes/node.ts'
import type { Context } from '../context.ts'
import { error, isControlPlane, type Check } from './check.ts'
import { ownership } from './ownership.ts'

interface Service {
  readonly port: number
  readonly name: string
  /** As the kernel tells it, cut after 15 characters. */
  readonly process: string
  /** Where it listens: on all addresses, on the node's and loopback, or on loopback only. */
  readonly on: 'all' | 'node' | 'loopback'
}

const etcdServices: readonly Service[] = [
  { port: 2379, name: 'etcd (for its clients)', process: 'etcd', on: 'node' },
  { port: 2380, name: 'etcd (for its peers)', process: 'etcd', on: 'node' },
]

function servicesOf(context: Context): readonly Service[] {
  const kubelet: Service = { port: 10250, name: 'the kubelet', process: 'kubelet', on: 'all' }
  const proxy: Service = { port: 10256, name: 'kube-proxy', process: 'kube-proxy', on: 'all' }
  if (!isNode(context.host)) return etcdServices
  if (!isControlPlane(context)) return [kubelet, proxy, ...balancerOf(context)]
  return [
    { port: apiServerPort(context.cluster), name: 'the API server', process: 'kube-apiserver', on: 'all' },
    ...(runsEtcd(context.cluster, context.host) ? etcdServices : []),
    { port: 10257, name: 'the controller manager', process: 'kube-controller', on: 'loopback' },
    { port: 10259, name: 'the scheduler', process: 'kube-scheduler', on: 'loopback' },
    kubelet,
    proxy,
  ]
}

function balancerOf({ cluster }: Context): readonly Service[] {
  if (!isNodeLocal(cluster)) return []
  return [
    { port: apiServerPort(cluster), name: 'the proxy to the API servers', process: 'haproxy', on: 'loopback' },
    { port: haproxyHealthPort, name: "the proxy's health", process: 'haproxy', on: 'loopback' },
  ]
}

/** Ports that Kubernetes needs and somebody else has; those of our own running cluster are its own. */
export const ports: Check = (context) => {
  // Another cluster's host has one finding, which says that.
  if (ownership(context) === 'foreign') return []
  return servicesOf(context).flatMap((service) => {
    const taken = context.facts.survey.listening.find(
      (one) => one.port === service.port && collides(one, service, context),
    )
    if (taken === undefined || isOurs(taken, service, context)) return []
    const by = taken.process === undefined ? 'another process' : `the process ${taken.process}`
    return [
      error(
        `Port-${service.port}`,
        `port ${service.port}, which ${service.name} needs, is taken by ${by} on ${taken.address}`,
        `Stop it, or let it use another port ("ss -ltnp sport = :${service.port}" shows it).`,
      ),
    ]
  })
}

function isOurs({ process }: ListeningPort, service: Service, context: Context): boolean {
  return ownership(context) === 'ours' && (process === undefined || process === service.process)
}

function collides({ address }: ListeningPort, { on }: Service, { facts }: Context): boolean {
  if (on === 'all' || address === '0.0.0.0' || address === '::') return true
  const loopback = address.startsWith('127.') || address === '::1'
  return loopback || (on === 'node' && address === facts.nodeIP)
}
