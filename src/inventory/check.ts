import { checkCni } from './check-cni.ts'
import { checkEtcd } from './check-etcd.ts'
import { checkHosts, checkGroupNames } from './check-hosts.ts'
import { checkNetwork } from './check-network.ts'
import { checkLists } from './check-lists.ts'
import { durationSeconds } from './duration.ts'
import type { Finding } from './problem.ts'
import type { Inventory, InventorySpec } from './schema.ts'
import { maxControlPlanes } from './supported.ts'

/** What a check needs to know besides the inventory. */
export interface CheckContext {
  readonly supportedMinors: readonly string[]
  /** What is already wrong: checks that would draw false conclusions from it are left out. */
  readonly faults: readonly Finding[]
}

/** What is wrong in an inventory whose shape is right, or right but for the faults that are already found. */
export function checkInventory({ spec }: Inventory, { supportedMinors, faults }: CheckContext): Finding[] {
  const faultBelow = (section: string) => faults.some(({ path }) => path[0] === 'spec' && path[1] === section)
  return [
    ...checkVersion(spec, supportedMinors),
    ...checkHosts(spec),
    ...(faultBelow('groups') ? [] : checkGroupNames(spec)),
    ...(faultBelow('hosts') ? [] : checkControlPlanes(spec)),
    ...(faultBelow('networking') ? [] : checkNetwork(spec)),
    ...(faultBelow('cni') || faultBelow('networking') ? [] : checkCni(spec)),
    ...checkEtcd(spec),
    ...checkLists(spec),
    ...(faultBelow('certificates') ? [] : checkCertificates(spec)),
    ...(faultBelow('artifacts') ? [] : checkArtifacts(spec)),
  ]
}

function checkVersion({ kubernetesVersion }: InventorySpec, minors: readonly string[]): Finding[] {
  const minor = kubernetesVersion.split('.').slice(0, 2).join('.')
  if (minors.includes(minor)) return []
  const message = `Kubernetes ${kubernetesVersion} is not supported`
  const hint = `this version of kubewright installs Kubernetes ${minors.join(' and ')}`
  return [{ code: 'KW1020', path: ['spec', 'kubernetesVersion'], message, hint }]
}

function checkControlPlanes({ hosts, controlPlaneEndpoint }: InventorySpec): Finding[] {
  const indices = hosts.flatMap(({ roles }, index) => (roles.includes('control-plane') ? [index] : []))
  if (indices.length === 0) {
    const hint = 'give one host roles: [control-plane], or [control-plane, worker] if it runs workloads too'
    return [{ code: 'KW1024', path: ['spec', 'hosts'], at: 'key', message: 'no host is a control plane', hint }]
  }
  const tooMany = indices.slice(maxControlPlanes).map((index): Finding => ({
    code: 'KW1025',
    path: ['spec', 'hosts', index, 'roles'],
    message: `${hosts[index]!.name} is one control plane too many: a cluster has at most ${maxControlPlanes}`,
    hint: 'make it a worker; three control planes survive the loss of one, five that of two',
  }))
  if (indices.length === 1 || controlPlaneEndpoint !== undefined) return tooMany
  const message = 'with several control planes nodes need a way to the API that does not depend on one of them'
  const hint = 'add controlPlaneEndpoint: { provider: node-local }, or the address of your load balancer'
  return [...tooMany, { code: 'KW1046', path: ['spec', 'hosts', indices[1]!, 'roles'], message, hint }]
}

function checkCertificates({ certificates }: InventorySpec): Finding[] {
  const path = ['spec', 'certificates']
  const zero = (['validity', 'caValidity'] as const).filter((name) => durationSeconds(certificates[name]) === 0)
  if (zero.length > 0)
    return zero.map((name) => ({
      code: 'KW1014',
      path: [...path, name],
      message: 'expected a duration above 0',
      hint: 'such as 8760h',
    }))
  if (durationSeconds(certificates.validity) <= durationSeconds(certificates.caValidity)) return []
  const message = `certificates that are valid for ${certificates.validity} would outlive their authorities, valid for ${certificates.caValidity}`
  return [{ code: 'KW1041', path: [...path, 'validity'], message, hint: 'make validity shorter or caValidity longer' }]
}

function checkArtifacts({ artifacts }: InventorySpec): Finding[] {
  const { source, path, url, delivery } = artifacts
  const bundle = source === 'bundle'
  const mirror = source === 'mirror'
  const faults: [boolean, string, string, string][] = [
    [bundle && !path, 'source', 'the source bundle needs a path', 'name the directory of the bundle as path'],
    [
      mirror && !url,
      'source',
      'the source mirror needs a url',
      'name the URL below which the tree of a bundle is as url',
    ],
    [!bundle && !!path, 'path', `the source ${source} has no path`, 'remove it, or set source: bundle'],
    [!mirror && !!url, 'url', `the source ${source} has no url`, 'remove it, or set source: mirror'],
    [
      bundle && delivery === 'pull',
      'delivery',
      'hosts cannot pull from a bundle, which is a directory of this machine',
      'remove delivery, or serve the bundle over HTTP and set source: mirror',
    ],
  ]
  return faults
    .filter(([holds]) => holds)
    .map(([, key, message, hint]) => ({ code: 'KW1042', path: ['spec', 'artifacts', key], message, hint }))
}
