import type { Cluster, ExternalEtcd } from '../../src/inventory/cluster.ts'
import type { EndpointAnswer, EndpointProblem, ObservedEndpoint } from '../../src/kubernetes/external-etcd.ts'
import { certificateSpec, certificates } from '../../src/pki/certificates.ts'
import { generateKey, issueAuthority, issueCertificate } from '../../src/pki/issue.ts'
import type { Secret } from '../../src/transport/command.ts'
import { host } from '../pki/fixtures.ts'
import { clusterOf } from './facts.ts'

/** An etcd of somebody else, as far as certificates go. */
export interface EtcdPki {
  readonly ca: string
  readonly key: Secret
  /** For a member on this machine. */
  readonly server: string
  readonly client: string
}

/** A CA with the certificates of a member on 127.0.0.1 and of a client, all with one key. */
export async function etcdPki(now = new Date(), days = 365): Promise<EtcdPki> {
  const key = await generateKey('ECDSA-P256')
  const validitySeconds = days * 86_400
  const ca = issueAuthority({ spec: { commonName: 'their-ca' }, key, validitySeconds, now })
  const issued = (name: string): string => {
    const row = certificates.find((each) => each.name === name)
    if (row === undefined) throw new Error(`there is no ${name}`)
    const spec = certificateSpec(row, host)
    return issueCertificate({ spec, authority: { certificate: ca, key }, key, validitySeconds, now })
  }
  return { ca, key, server: issued('etcd-server'), client: issued('apiserver-etcd-client') }
}

export function externalOf(pki: EtcdPki, overrides: Partial<ExternalEtcd> = {}): ExternalEtcd {
  const endpoints = ['https://10.89.5.31:2379']
  return { endpoints, caCertificate: pki.ca, certificate: pki.client, keyFile: '/etcd.key', ...overrides }
}

/** A cluster whose etcd is external. */
export function clusterWith(external: ExternalEtcd, overrides: Partial<Cluster> = {}): Cluster {
  const cluster = clusterOf(overrides)
  return { ...cluster, etcd: { ...cluster.etcd, external } }
}

/** What cp1 finds at an endpoint: a member that is well unless told otherwise. */
export function seen(
  found: Partial<EndpointAnswer> | EndpointProblem = {},
  endpoint = 'https://10.89.5.31:2379',
): ObservedEndpoint {
  if ('problem' in found) return { host: 'cp1', endpoint, found }
  const members = [{ name: 'theirs', clientURLs: [endpoint], learner: false }]
  const well = { version: '3.6.8', clusterId: '1', memberId: '2', leaderId: '2', databaseSize: 20_480, members }
  return { host: 'cp1', endpoint, found: { ...well, errors: [], hasObjects: false, ...found } }
}
