import { describe, expect, test } from 'vitest'
import type { Services } from '../../src/cli/services.ts'
import { KubewrightError } from '../../src/engine/errors.ts'
import { certificates, certificateSpec, kubeconfigs } from '../../src/pki/certificates.ts'
import { generateKey, issueAuthority, issueCertificate } from '../../src/pki/issue.ts'
import { scaffoldInventory } from '../../src/inventory/scaffold.ts'
import { renderKubeconfig } from '../../src/pki/kubeconfig.ts'
import { sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'
import { host as pkiHost } from '../pki/fixtures.ts'
import { call, noon, workplace } from './support.ts'

const day = 86_400

const nodes = {
  items: [
    node('cp1', { 'node-role.kubernetes.io/control-plane': '' }, 'True'),
    { ...node('old', {}, 'False'), spec: { unschedulable: true } },
  ],
}
const pods = {
  items: ['etcd', 'kube-apiserver'].map((component) => ({
    metadata: { name: `${component}-cp1`, labels: { component } },
    spec: { nodeName: 'cp1', containers: [{ image: `registry.k8s.io/${component}:v1.37.1` }] },
    status: { conditions: [{ type: 'Ready', status: component === 'etcd' ? 'False' : 'True' }] },
  })),
}
const addons = {
  items: [
    { kind: 'Deployment', metadata: { name: 'coredns' }, spec: { replicas: 2 }, status: { readyReplicas: 1 } },
    { kind: 'DaemonSet', metadata: { name: 'kube-proxy' }, status: { numberReady: 3, desiredNumberScheduled: 3 } },
    { kind: 'Deployment', metadata: { name: 'mine' }, spec: { replicas: 1 }, status: {} },
  ],
}
const etcdStatus = [{ Status: { header: { member_id: 7 }, version: '3.6.8', dbSize: 3 * 1024 ** 2, leader: 7 } }]

function node(name: string, labels: Record<string, string>, ready: string) {
  return {
    metadata: { name, labels },
    spec: {},
    status: {
      conditions: [{ type: 'Ready', status: ready }],
      addresses: [{ type: 'InternalIP', address: '192.0.2.11' }],
      nodeInfo: { kubeletVersion: 'v1.37.1' },
    },
  }
}

/** What a manifest of an API server says of its address. */
function annotation(address: string): string {
  return `metadata:\n  annotations:\n    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: "${address}"\n`
}

/** A program of the host that answers as its arguments are. */
function program(answers: Readonly<Record<string, unknown>>): string {
  const cases = Object.entries(answers).map(
    ([pattern, answer]) => `*"${pattern}"*) cat <<'END'\n${JSON.stringify(answer)}\nEND\n;;`,
  )
  return `#!/bin/sh\ncase "$*" in\n${cases.join('\n')}\n*) exit 1 ;;\nesac\n`
}

async function controlPlane(): Promise<SandboxHost> {
  const host = sandboxHost({ name: 'cp1' })
  host.provide('base64')
  host.write('/usr/bin/kubectl', program({ 'get nodes': nodes, 'get pods': pods, 'get daemonsets': addons }), 0o755)
  host.write(
    '/usr/bin/etcdctl',
    program({ 'endpoint status': etcdStatus, 'member list': { members: [{ name: 'cp1' }] } }),
    0o755,
  )
  await issueAll(host)
  const record = {
    id: 'x',
    name: 'demo',
    inventory: 'other',
    appliedBy: 'me@laptop',
    appliedAt: '2026-11-20T10:00:00Z',
  }
  host.write('/var/lib/kubewright/cluster.json', JSON.stringify(record))
  return host
}

async function issueAll(host: SandboxHost): Promise<void> {
  const key = await generateKey('ECDSA-P256')
  const ca = issueAuthority({ spec: { commonName: 'kubernetes' }, key, validitySeconds: 3650 * day, now: noon })
  const issued = (name: string, days: number): string => {
    const row = [...certificates, ...kubeconfigs].find((each) => each.name === name)
    if (row === undefined) throw new Error(`there is no ${name}`)
    const spec = certificateSpec(row, pkiHost)
    return issueCertificate({ spec, authority: { certificate: ca, key }, key, validitySeconds: days * day, now: noon })
  }
  host.write('/etc/kubernetes/pki/ca.crt', ca)
  host.write('/etc/kubernetes/pki/apiserver.crt', issued('apiserver', 20))
  host.write('/etc/kubernetes/pki/etcd/healthcheck-client.crt', issued('etcd-healthcheck-client', 300))
  const admin = { server: 'https://cp1:6443', caPem: ca, user: 'admin', certificatePem: issued('admin.conf', 100), key }
  host.write('/etc/kubernetes/admin.conf', renderKubeconfig(admin).reveal(), 0o600)
  // The kubelet keeps certificate and key in one file.
  host.write('/var/lib/kubelet/pki/kubelet-client-current.pem', key.reveal() + issued('kubelet.conf', 200), 0o600)
}

function answering(...hosts: readonly SandboxHost[]): Partial<Services> {
  const failed = new KubewrightError({
    code: 'KW2001',
    exit: 'connection',
    host: 'w1',
    message: 'w1 does not answer',
    hint: '',
  })
  const transports = new Map(hosts.map(({ transport }) => [transport.host, transport] as const))
  return { connectHosts: async () => ({ transports, errors: [failed] }) }
}

describe('status', () => {
  test('shows the cluster, and a host that does not answer as a line', async () => {
    const services = answering(await controlPlane())
    const { code, stdout } = await call({ argv: ['status'], cwd: await workplace(), services })
    expect(code).toBe(0)
    expect(stdout.text).toBe(`Cluster demo, Kubernetes 1.37.1

NODES
  cp1   control-plane   Ready                                      1.37.1   192.0.2.11
  old   worker          NotReady, cordoned, not in the inventory   1.37.1   192.0.2.11
  w1    worker          no node

CONTROL PLANE
  cp1   etcd             NotReady   1.37.1
  cp1   kube-apiserver   Ready      1.37.1

ETCD
  cp1   healthy   leader   3.6.8   3 MiB   1 member

ADDONS
  coredns      1/2 ready
  kube-proxy   3/3 ready

CERTIFICATES
  cp1   apiserver   2026-12-11   20 days left, EXPIRES SOON

OUT OF REACH
  w1   KW2001   the host does not answer

Last apply: 2026-11-20T10:00:00Z by me@laptop, with another inventory than this one.
`)
  })

  test('--verbose lists every certificate, those of kubeconfigs and of the kubelet included', async () => {
    const services = answering(await controlPlane())
    const { stdout } = await call({ argv: ['status', '--verbose'], cwd: await workplace(), services })
    expect(stdout.text).toContain(`CERTIFICATES
  cp1   apiserver                 2026-12-11   20 days left, EXPIRES SOON
  cp1   admin.conf                2027-03-01   100 days left
  cp1   kubelet client            2027-06-09   200 days left
  cp1   etcd-healthcheck-client   2027-09-17   300 days left
  cp1   ca                        2036-11-18   3650 days left`)
  })

  test('no key leaves the host', async () => {
    const host = await controlPlane()
    const seen: string[] = []
    const transport = {
      ...host.transport,
      exec: async (...given: Parameters<typeof host.transport.exec>) => {
        const result = await host.transport.exec(...given)
        seen.push(result.stdout.toString(), result.stderr.toString())
        return result
      },
    }
    const services = { connectHosts: async () => ({ transports: new Map([['cp1', transport]]), errors: [] }) }
    await call({ argv: ['status'], cwd: await workplace(), services })
    expect(seen.join('')).toContain('BEGIN CERTIFICATE')
    expect(seen.join('')).not.toContain('PRIVATE KEY')
  })

  test('with --output json it is a document', async () => {
    const services = answering(await controlPlane())
    const { stdout } = await call({ argv: ['status', '-o', 'json'], cwd: await workplace(), services })
    expect(JSON.parse(stdout.text)).toMatchObject({
      formatVersion: 1,
      cluster: 'demo',
      api: 'up',
      etcd: [{ host: 'cp1', healthy: true, leader: true, databaseSize: 3 * 1024 ** 2 }],
      lastApply: { by: 'me@laptop', current: false },
      unreachable: [{ host: 'w1', code: 'KW2001' }],
    })
  })

  test('a bare host has no cluster yet', async () => {
    const services = answering(sandboxHost({ name: 'cp1' }))
    const { code, stdout } = await call({ argv: ['status'], cwd: await workplace(), services })
    expect(code).toBe(0)
    expect(stdout.lines[0]).toBe('Cluster demo, Kubernetes 1.37.1: there is no cluster yet')
  })

  test('an API and an etcd that do not answer are told', async () => {
    const host = await controlPlane()
    host.write('/usr/bin/kubectl', program({}), 0o755)
    host.write('/usr/bin/etcdctl', program({}), 0o755)
    const { stdout } = await call({ argv: ['status'], cwd: await workplace(), services: answering(host) })
    expect(stdout.lines[0]).toBe('Cluster demo, Kubernetes 1.37.1: the API does not answer')
    expect(stdout.text).toContain('cp1   unhealthy: it does not answer')
  })

  test('of several control planes each is asked itself, and one that is down is a line', async () => {
    const first = await controlPlane()
    const second = sandboxHost({ name: 'cp2' })
    const members = [{ name: 'cp1' }, { name: 'cp2', isLearner: true }, { name: 'cp3' }]
    const ownAnswers = { '--server https://192.0.2.11:6443': nodes }
    first.write('/etc/kubernetes/manifests/kube-apiserver.yaml', annotation('192.0.2.11:6443'))
    first.write('/usr/bin/kubectl', program(ownAnswers), 0o755)
    first.write('/usr/bin/etcdctl', program({ 'endpoint status': etcdStatus, 'member list': { members } }), 0o755)
    second.write('/etc/kubernetes/manifests/kube-apiserver.yaml', annotation('192.0.2.12:6443'))
    second.write('/etc/kubernetes/admin.conf', 'a kubeconfig whose endpoint leads to cp1')
    second.write('/usr/bin/kubectl', program(ownAnswers), 0o755)
    second.provide('base64')
    const inventory = scaffoldInventory({
      name: 'demo',
      kubernetesVersion: '1.37.1',
      controlPlanes: ['1', '2', '3'].map((end) => ({ name: `cp${end}`, address: `192.0.2.1${end}` })),
      workers: [],
    })
    const cwd = await workplace(inventory)
    const { code, stdout } = await call({ argv: ['status'], cwd, services: answering(first, second) })
    expect(code).toBe(0)
    expect(stdout.lines[0]).toBe('Cluster demo, Kubernetes 1.37.1')
    expect(stdout.text).toContain(`API SERVERS
  cp1   answers
  cp2   does not answer
  cp3   out of reach
`)
    expect(stdout.text).toContain(`ETCD
  cp1   healthy     leader    3.6.8   3 MiB   3 members
  cp2   not asked   learner
  cp3   not asked   member
`)
  })

  test('an unfinished run is told', async () => {
    const host = await controlPlane()
    const operation = { id: 'op1', playbook: 'cluster', startedBy: 'me@laptop', startedAt: '2026-11-21T11:00:00Z' }
    host.write('/var/lib/kubewright/operation.json', JSON.stringify(operation))
    const { stdout } = await call({ argv: ['status'], cwd: await workplace(), services: answering(host) })
    expect(stdout.text).toContain('Unfinished: cluster, begun 2026-11-21T11:00:00Z by me@laptop; apply continues it.')
  })

  test('when no host answers at all the exit code says so', async () => {
    const { code } = await call({ argv: ['status'], cwd: await workplace(), services: answering() })
    expect(code).toBe(5)
  })
})
