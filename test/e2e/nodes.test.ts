import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exitCodes } from '../../src/engine/errors.ts'
import { withoutHost } from '../../src/inventory/edit.ts'
import { labDown, labUp, powerOff, snapshotReset, type Lab } from '../lab/index.ts'
import { powerLost, serviceAddress } from './recovery.ts'
import { eventually, hostOf, inHost, kubewright, planOf, recordsOf, type Outcome } from './support.ts'

const name = 'e2enodes'
const etcdctl =
  'etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key'

/** What a run says of a snapshot that it saved on the first control plane. */
const saved = /etcd snapshot on cp1: \S+, \d+ bytes, revision \d+, verified/

let lab: Lab
/** The inventory with all hosts, as the lab has written it. */
let whole = ''
/** What is one and the same for as long as the cluster is. */
let cluster: Readonly<Record<string, string>>
/** A token of a service account, which its key has signed. */
let token = ''
let firstMembers: readonly string[]

const controlPlanes = ['cp1', 'cp2', 'cp3'] as const
/** It is on a host until that is made anew. */
const mark = '/root/of-the-first-host'

beforeAll(async () => {
  lab = await labUp({ name, controlPlanes: 3, workers: 1, fresh: true })
  whole = await readFile(lab.inventoryPath, 'utf8')
  const outcome = await kubewright(['apply', '--yes', '--inventory', lab.inventoryPath])
  expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
  await kubectl('cp1', 'create configmap kept --from-literal=written=before')
  cluster = await identity('cp1')
  expect(cluster.etcd).toMatch(/\d/)
  token = (await kubectl('cp1', 'create token default --duration=24h')).trim()
  firstMembers = await memberIds('cp1')
  for (const host of controlPlanes) await inHost(hostOf(lab, host), `touch ${mark}`)
})

afterAll(() => labDown(name))

test('a worker whose pod may not be disrupted stays, cordoned, and pod and budget are named', async () => {
  await kubectl('cp1', `create deployment web --image=registry.k8s.io/pause:3.10.2 --replicas=1`)
  await kubectl('cp1', 'create poddisruptionbudget web --selector=app=web --min-available=1')
  await kubectl('cp1', 'rollout status deployment web --timeout=60s')
  const outcome = await node('remove', 'w1', '--drain-timeout', '4s')
  expect(outcome.code).toBe(exitCodes.apply)
  expect(outcome.stderr).toMatch(/default\/web-\S+ \(kept by the PodDisruptionBudget default\/web: /)
  expect(outcome.stderr).toContain('w1 stays cordoned')
  expect(await kubectl('cp1', 'get node w1 -o jsonpath={.spec.unschedulable}')).toBe('true')
  const relented = await node('remove', 'w1', '--drain-timeout', '4s', '--uncordon-on-failure')
  expect(relented.stderr).toContain('w1 takes pods again')
  expect(await kubectl('cp1', 'get node w1 -o jsonpath={.spec.unschedulable}')).toBe('')
  expect(await readFile(lab.inventoryPath, 'utf8')).toBe(whole)
})

test('the same command continues, asks two hosts, cleans the host and edits the inventory', async () => {
  await kubectl('cp1', 'delete poddisruptionbudget web')
  const outcome = await node('remove', 'w1', '--output', 'json')
  expect(outcome.code, outcome.stdout).toBe(exitCodes.success)
  expect(contacted(outcome)).toEqual(['cp1', 'w1'])
  expect(await kubectl('cp1', 'get nodes -o name')).toBe('node/cp1\nnode/cp2\nnode/cp3\n')
  expect(await inHost(hostOf(lab, 'w1'), 'ls -d /etc/kubernetes /var/lib/kubewright 2>/dev/null || true')).toBe('')
  expect(await readFile(lab.inventoryPath, 'utf8')).toBe(withoutHost(whole, 'w1'))
  expect(await planOf(lab)).toEqual([])
})

test('a worker is added by two hosts, whatever the size of the cluster', async () => {
  await writeFile(lab.inventoryPath, whole)
  const outcome = await node('add', 'w1', '--output', 'json')
  expect(outcome.code, outcome.stdout).toBe(exitCodes.success)
  expect(contacted(outcome)).toEqual(['cp1', 'w1'])
  expect(await planOf(lab)).toEqual([])
})

test('a member of etcd that is reset all the same leaves a snapshot on another host, and so does its way back', async () => {
  const reset = await kubewright([
    'reset',
    'cp2',
    '--ignore',
    'LivingCluster',
    '--yes',
    '--inventory',
    lab.inventoryPath,
  ])
  expect(reset.code, reset.stderr).toBe(exitCodes.success)
  expect(reset.stdout).toMatch(saved)
  expect(await inHost(hostOf(lab, 'cp2'), 'ls -d /etc/kubernetes /var/lib/kubewright 2>/dev/null || true')).toBe('')
  await inHost(hostOf(lab, 'cp1'), 'rm /var/lib/kubewright/snapshots/*')
  const applied = await kubewright(['apply', '--limit', 'cp2', '--yes', '--inventory', lab.inventoryPath])
  expect(applied.code, applied.stderr).toBe(exitCodes.success)
  expect(applied.stdout).toMatch(saved)
  expect(await voters('cp2')).toEqual(['cp1', 'cp2', 'cp3'])
  expect((await kubewright(['apply', '--yes', '--inventory', lab.inventoryPath])).code).toBe(exitCodes.success)
  expect(await planOf(lab)).toEqual([])
})

test('a node that lives does not take its own place, and what to do is said', async () => {
  const outcome = await node('replace', 'cp2')
  expect(outcome.code).toBe(exitCodes.preflight)
  expect(outcome.stderr).toContain('kubewright node remove cp2 --keep-inventory, then kubewright node add cp2')
})

test('while the first control plane is dead, a second one may not go, and apply says how to go on', async () => {
  await powerOff(hostOf(lab, 'cp1'))
  const applied = await kubewright(['apply', '--yes', '--inventory', lab.inventoryPath])
  expect(applied.code).toBe(exitCodes.connection)
  expect(applied.stderr).toContain('--limit cp2,cp3,w1')
  expect(applied.stderr).toContain('kubewright node replace cp1')
  // Another one leads now, which has yet to prove that the network works.
  expect(await planOf(lab, '--limit', 'cp2,cp3,w1')).toEqual(['cp2 proof run'])
  const outcome = await node('remove', 'cp2')
  expect(outcome.code).toBe(exitCodes.preflight)
  expect(outcome.stderr).toContain('etcd has 3 voters, without cp2 2: 2 of them must live, 1 does (cp3)')
  expect(outcome.elapsed, 'nobody waits for a dead control plane').toBeLessThan(15_000)
})

test('the dead one goes by --offline, once the API knows that it is dead, and comes back as a new host', async () => {
  const authority = await inHost(hostOf(lab, 'cp2'), 'cat /etc/kubernetes/pki/ca.crt')
  await eventually(90, async () => expect(await kubectl('cp2', 'get node cp1 --no-headers')).toContain('NotReady'))
  const removed = await node('remove', 'cp1', '--offline')
  expect(removed.code, removed.stderr).toBe(exitCodes.success)
  expect(removed.stderr).toContain('nobody cleans cp1')
  expect(await voters('cp2')).toEqual(['cp2', 'cp3'])
  await snapshotReset(name, ['cp1'])
  await writeFile(lab.inventoryPath, whole)
  const added = await node('add', 'cp1')
  expect(added.code, added.stderr).toBe(exitCodes.success)
  expect(await voters('cp2')).toEqual(['cp1', 'cp2', 'cp3'])
  expect(await inHost(hostOf(lab, 'cp1'), 'cat /etc/kubernetes/pki/ca.crt')).toBe(authority)
  expect(await planOf(lab)).toEqual([])
})

test('a control plane is replaced by a new host of its name', async () => {
  await snapshotReset(name, ['cp2'])
  const outcome = await node('replace', 'cp2')
  expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
  expect(outcome.stdout).toMatch(saved)
  expect(await voters('cp1')).toEqual(['cp1', 'cp2', 'cp3'])
  expect(await planOf(lab)).toEqual([])
})

test('a control plane that lives is removed, after a verified snapshot, and workers are led past it', async () => {
  const worker = hostOf(lab, 'w1')
  const since = await proxySince('cp3')
  const outcome = await node('remove', 'cp2')
  expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
  expect(await voters('cp3')).toEqual(['cp1', 'cp3'])
  const configuration = await inHost(worker, 'cat /etc/kubernetes/haproxy/haproxy.cfg')
  expect(configuration.match(/^ *server cp\d /gm)).toHaveLength(2)
  const ask = 'exec 3<>/dev/tcp/127.0.0.1/10270; printf "GET /configuration HTTP/1.0\\r\\n\\r\\n" >&3; tail -n 1 <&3'
  expect(configuration).toContain(` ${(await inHost(worker, `bash -c '${ask}'`)).trim()} `)
  expect(await proxySince('cp3'), 'the proxy is not started anew').toBe(since)
  expect(await planOf(lab)).toEqual([])
})

test('a control plane that lives is replaced by another host, which has its place in the inventory', async () => {
  const by = hostOf(lab, 'cp2')
  const outcome = await node('replace', 'cp3', '--with', `cp2=${by.address}`)
  expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
  expect(await voters('cp1')).toEqual(['cp1', 'cp2'])
  expect(await kubectl('cp2', 'get nodes -o name')).toBe('node/cp1\nnode/cp2\nnode/w1\n')
  expect(await planOf(lab)).toEqual([])
})

test('with three again, none of the first control planes is left, and the cluster is the same', async () => {
  await snapshotReset(name, ['cp3'])
  await writeFile(lab.inventoryPath, whole)
  const outcome = await node('add', 'cp3')
  expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
  expect(await voters('cp3')).toEqual(controlPlanes)
  const members = await memberIds('cp3')
  expect(members.filter((id) => firstMembers.includes(id))).toEqual([])
  for (const host of controlPlanes) {
    expect(await inHost(hostOf(lab, host), `ls ${mark} 2>/dev/null || true`), host).toBe('')
    expect(await identity(host), host).toEqual(cluster)
    expect(await whoami(host), host).toBe('system:serviceaccount:default:default')
  }
  expect(await planOf(lab)).toEqual([])
})

test('after a loss of power everywhere all nodes and a service come back by themselves', async () => {
  const service = await serviceAddress(lab)
  await powerLost(
    lab,
    ['w1', 'cp3', 'cp1', 'cp2'].map((host) => hostOf(lab, host)),
    service,
  )
  expect(await planOf(lab)).toEqual([])
})

async function node(verb: string, host: string, ...args: readonly string[]): Promise<Outcome> {
  return kubewright(['node', verb, host, '--yes', '--inventory', lab.inventoryPath, ...args])
}

function kubectl(host: string, command: string): Promise<string> {
  return inHost(hostOf(lab, host), `kubectl --kubeconfig /etc/kubernetes/admin.conf ${command}`)
}

async function voters(host: string): Promise<readonly string[]> {
  const list = (await inHost(hostOf(lab, host), `${etcdctl} member list`)).trim().split('\n')
  expect(list.filter((line) => !line.endsWith(', false'))).toEqual([])
  return list.map((line) => line.split(', ')[2] ?? '').toSorted()
}

/** Ids of the members of etcd. */
async function memberIds(host: string): Promise<readonly string[]> {
  const list = (await inHost(hostOf(lab, host), `${etcdctl} member list`)).trim().split('\n')
  return list.map((line) => line.split(',')[0] ?? '')
}

/** What a control plane has and says of the cluster that only another cluster would have otherwise. */
async function identity(host: string): Promise<Readonly<Record<string, string>>> {
  const pki = '/etc/kubernetes/pki'
  const objects = 'namespace/kube-system configmap/kept serviceaccount/default service/kubernetes'
  return {
    keys: await inHost(hostOf(lab, host), `cd ${pki} && sha256sum ca.crt sa.pub sa.key front-proxy-ca.crt etcd/ca.crt`),
    objects: await kubectl(host, `get ${objects} -o jsonpath='{range .items[*]}{.kind} {.metadata.uid}{"\\n"}{end}'`),
    content: await kubectl(host, 'get configmap kept -o jsonpath={.data.written}'),
    // The id of a cluster has 64 bits, which a number of JavaScript has not.
    etcd: /"cluster_id":\d+/.exec(await inHost(hostOf(lab, host), `${etcdctl} member list -w json`))?.[0] ?? '',
  }
}

/** Who the bearer of the token is to a control plane's API server. */
async function whoami(host: string): Promise<string> {
  const server = '--server https://127.0.0.1:6443 --certificate-authority /etc/kubernetes/pki/ca.crt'
  const words = `auth whoami -o jsonpath={.status.userInfo.username}`
  return inHost(hostOf(lab, host), `kubectl --kubeconfig /dev/null ${server} --token ${token} ${words}`)
}

/** The hosts that a run has talked to. */
function contacted(outcome: Outcome): readonly string[] {
  const traffic = recordsOf(outcome).find(({ type }) => type === 'traffic')
  return Object.keys(traffic?.hosts ?? {}).toSorted()
}

/** When the pod of the proxy was started on the worker, as this control plane tells. */
function proxySince(from: string): Promise<string> {
  return kubectl(from, 'get pod haproxy-w1 -n kube-system -o jsonpath={.status.startTime}')
}
