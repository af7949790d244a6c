import assert from 'node:assert/strict'
import { Command, Option } from 'commander'
import { buildArtifacts, labDown, labUp, powerOff, powerOn, snapshotReset, type Lab } from '../lab/index.ts'
import { externalCluster } from './external-etcd.ts'
import { changesMade, eventually, hostOf, inHost, kubectl, onLab, planOf } from './support.ts'

// Two clusters whose etcd is not beside their API servers: one with three hosts of etcd, which are lost, changed and made anew,
// and one with an etcd that is there already, made by hand with openssl.

const { name, only } = new Command('test:etcd')
  .description('clusters with etcd on hosts of its own, and with an external etcd')
  .option('--name <lab>', 'name of the lab', 'e2eetcd')
  .addOption(new Option('--only <which>', 'one of the two').choices(['hosts', 'external']))
  .parse()
  .opts<{ name: string; only?: 'hosts' | 'external' }>()

const etcdctl =
  'etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key'

await buildArtifacts({ kubernetes: ['1.37.1'] })
try {
  if (only !== 'external')
    await clusterWithHosts(await labUp({ name, controlPlanes: 1, workers: 0, etcdHosts: 3, fresh: true }))
  if (only !== 'hosts') await externalCluster(await labUp({ name, controlPlanes: 1, workers: 0, fresh: true }), say)
} finally {
  await labDown(name)
}
say('everything is as it shall be')

async function clusterWithHosts(lab: Lab): Promise<void> {
  const installed = await applied(lab)
  say(`1 control plane and 3 hosts of etcd are installed in ${installed} s`)
  assert.deepEqual(await voters(lab, 'e3'), ['e1', 'e2', 'e3'])
  assert.equal(await kubectl(lab, 'get nodes -o name'), 'node/cp1\n')
  await assertApart(lab)
  const again = await onLab(lab, 'apply', '--yes', '--output', 'json')
  assert.equal(again.code, 0, again.stdout + again.stderr)
  assert.deepEqual(changesMade(again), [])
  say('three voters, one node, and a second apply has 0 changes')

  assert.match((await onLab(lab, 'status')).stdout, /e1 +healthy.*\n +e2 +healthy.*\n +e3 +healthy/)
  const alone = await onLab(lab, 'reset', 'e3', '--yes')
  assert.equal(alone.code, 6, alone.stdout + alone.stderr)
  assert.match(alone.stdout + alone.stderr, /as one of 3 members of etcd, which needs 2 of them/)
  const removed = await onLab(lab, 'node', 'remove', 'e3', '--yes')
  assert.match(removed.stderr, /KW5025/)
  say('status shows the members, and one of them is not let go by a command for nodes')

  const manifest = '/etc/kubernetes/manifests/etcd.yaml'
  await inHost(
    hostOf(lab, 'e2'),
    `sed -i s/snapshot-count=10000/snapshot-count=9999/ ${manifest} && rm /etc/kubernetes/pki/etcd/peer.crt`,
  )
  assert.deepEqual(await planOf(lab), [
    'cp1 proof run',
    'e2 certificate:etcd-peer create',
    `e2 file:${manifest} update`,
  ])
  await applied(lab)
  assert.deepEqual(await planOf(lab), [])
  say('what was changed by hand is repaired')

  await powerOff(hostOf(lab, 'e1'))
  await eventually(20, async () => assert.equal(await kubectl(lab, '--request-timeout 5s get --raw /readyz'), 'ok'))
  await inHost(hostOf(lab, 'cp1'), 'rm /etc/kubernetes/pki/apiserver-etcd-client.crt')
  const signed = await onLab(lab, 'apply', '--yes', '--limit', 'cp1', '--output', 'json')
  assert.equal(signed.code, 0, signed.stdout + signed.stderr)
  assert.deepEqual(changesMade(signed), ['cp1 certificate:apiserver-etcd-client create', 'cp1 proof run'])
  await powerOn(lab.name, hostOf(lab, 'e1'))
  await eventually(60, async () => assert.deepEqual(await planOf(lab), []))
  say(
    'the API answers without the first host of etcd, whose place another takes to sign for it, and which comes back by itself',
  )

  await snapshotReset(lab.name, ['e1'])
  await applied(lab)
  assert.deepEqual(await voters(lab, 'e1'), ['e1', 'e2', 'e3'])
  assert.deepEqual(await planOf(lab), [])
  say('the first host of etcd, made anew, joins the others')

  const reset = await onLab(lab, 'reset', '--yes')
  assert.equal(reset.code, 0, reset.stderr)
  const left = await inHost(
    hostOf(lab, 'e1'),
    'ls -A /var/lib/etcd /etc/kubernetes /var/lib/kubelet 2>/dev/null | grep -v :$ || true',
  )
  assert.equal(left.trim(), '')
  say('nothing is left of it after a reset')
}

/** Nothing of a node is on a host of etcd, and nothing of etcd on the control plane but what the API server needs. */
async function assertApart(lab: Lab): Promise<void> {
  const there = async (host: string, ...paths: readonly string[]): Promise<readonly string[]> => {
    const found = await inHost(hostOf(lab, host), `ls -d ${paths.join(' ')} 2>/dev/null || true`)
    return found.split('\n').filter((line) => line !== '')
  }
  const pki = '/etc/kubernetes/pki'
  assert.deepEqual(
    await there(
      'e1',
      '/opt/cni/bin',
      '/etc/cni/net.d/*',
      '/etc/kubernetes/kubelet.conf',
      `${pki}/ca.crt`,
      `${pki}/ca.key`,
    ),
    [],
  )
  assert.deepEqual(await there('e1', `${pki}/etcd/ca.key`), [`${pki}/etcd/ca.key`])
  const files = [
    '/etc/kubernetes/manifests/etcd.yaml',
    `${pki}/etcd/ca.key`,
    `${pki}/etcd/server.crt`,
    '/var/lib/etcd/member',
  ]
  assert.deepEqual(await there('cp1', ...files), [])
  assert.deepEqual(await there('cp1', `${pki}/apiserver-etcd-client.key`), [`${pki}/apiserver-etcd-client.key`])
  const configuration = await kubectl(lab, '-n kube-system get configmap kubeadm-config -o yaml')
  for (const { nodeIP } of lab.hosts.filter((host) => host.name.startsWith('e'))) {
    assert.match(configuration, new RegExp(`- https://${nodeIP}:2379`))
  }
  assert.doesNotMatch(await inHost(hostOf(lab, 'e1'), 'ss -Hltn'), /:10250\b/)
}

async function voters(lab: Lab, host: string): Promise<readonly string[]> {
  const members = (await inHost(hostOf(lab, host), `${etcdctl} member list`)).trim().split('\n')
  return members
    .map((line) => line.split(', '))
    .flatMap(([, status, member = '', , , learner]) => (status === 'started' && learner === 'false' ? [member] : []))
    .toSorted()
}

/** Applies, and says how many seconds it took. */
async function applied(lab: Lab): Promise<string> {
  const { code, stdout, stderr, elapsed } = await onLab(lab, 'apply', '--yes')
  assert.equal(code, 0, `${stdout}\n${stderr}`)
  return (elapsed / 1000).toFixed(1)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
