import { X509Certificate } from 'node:crypto'
import { isNode } from './roles.ts'
import type { Finding } from './problem.ts'
import type { ReferencedFiles } from './references.ts'
import type { InventorySpec } from './schema.ts'

/** What is said about an etcd that runs here. */
const ownOptions = [
  'extraArgs',
  'extraEnvs',
  'extraVolumes',
  'files',
  'patches',
  'serverCertSANs',
  'peerCertSANs',
] as const

/** What is wrong in the choice of etcd. */
export function checkEtcd(spec: InventorySpec): Finding[] {
  return [...checkOptions(spec), ...checkRoles(spec)]
}

/** A host of etcd is no node, and there is one etcd. */
function checkRoles({ etcd, hosts }: InventorySpec): Finding[] {
  return hosts.flatMap(({ name, roles }, index): Finding[] => {
    if (isNode({ roles })) return []
    const path = ['spec', 'hosts', index, 'roles']
    const others = roles.filter((role) => role !== 'etcd')
    if (others.length > 0) {
      const message = `${name} is etcd and ${others.join(' and ')} at once, but a host of etcd is no node`
      const hint = 'give etcd hosts of its own, or remove it: without such hosts etcd runs on the control planes'
      return [{ code: 'KW1052', path, message, hint }]
    }
    if (etcd.external === undefined) return []
    const message = `${name} would run etcd, which is external`
    return [{ code: 'KW1053', path, message, hint: 'remove the host, or spec.etcd.external' }]
  })
}

function checkOptions({ etcd }: InventorySpec): Finding[] {
  if (etcd.external === undefined) return []
  return ownOptions
    .filter((name) => Object.keys(etcd[name]).length > 0)
    .map((name) => ({
      code: 'KW1050',
      path: ['spec', 'etcd', name],
      message: `${name} is about an etcd that runs here, and this one is external`,
      hint: 'remove it, and set it where that etcd runs',
    }))
}

/** What is wrong in the files for an external etcd; of those that cannot be read something is said already. */
export function checkEtcdFiles({ etcd: { external } }: InventorySpec, files: ReferencedFiles): Finding[] {
  if (external === undefined) return []
  return (['caFile', 'certFile'] as const).flatMap((name): Finding[] => {
    const text = files.get(external[name])
    const message = text === undefined ? undefined : certificateFault(text)
    if (message === undefined) return []
    const hint =
      name === 'caFile' ? "name the file with the CA's certificate" : 'name the file with the client certificate'
    const path = ['spec', 'etcd', 'external', name]
    return [{ code: 'KW1051', path, message: `the file ${external[name]} ${message}`, hint }]
  })
}

/** Completes "the file ...". */
function certificateFault(text: string): string | undefined {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text))
    return 'holds a key, which everybody on the hosts could read there'
  try {
    void new X509Certificate(text)
    return undefined
  } catch {
    return 'holds no certificate in PEM'
  }
}
