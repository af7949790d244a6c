import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../../src/engine/errors.ts'
import { hostExec, toolsDirectory } from '../../lab/index.ts'
import { $ } from '../../lab/shell.ts'
import { eventually, hostOf, inHost, kubectl, onLab, planOf } from '../support.ts'
import { shared } from './shared.ts'

const version = '1.37.1'

/** The real kubeadm takes the cluster for one of its own. */
export function kubeadmAgrees(): void {
  test('kubeadm lists all certificates and authorities without a complaint', async () => {
    await bringKubeadm('cp1')
    const { exitCode, stdout, stderr } = await hostExec(hostOf(shared.lab, 'cp1'), 'kubeadm certs check-expiration')
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    for (const name of certificates) expect(stdout).toMatch(new RegExp(`^${name} .*\\b36\\dd\\b`, 'm'))
    for (const name of ['ca', 'etcd-ca', 'front-proxy-ca'])
      expect(stdout).toMatch(new RegExp(`^${name} .*\\b9y\\b`, 'm'))
    expect(stdout).not.toMatch(/missing|MISSING|!/)
  })

  test('kubeadm reads the configuration of the cluster and plans an upgrade of it', async () => {
    // Without a version it would ask the internet which there are.
    const { exitCode, stdout, stderr } = await hostExec(
      hostOf(shared.lab, 'cp1'),
      `kubeadm upgrade plan v${version} --ignore-preflight-errors=CoreDNSUnsupportedPlugins`,
    )
    expect(`${stderr}\n${stdout}`).toContain('Reading configuration from the "kubeadm-config" ConfigMap')
    expect(stdout).toContain(`Cluster version: ${version}`)
    expect(exitCode).toBe(0)
  })

  test('kubeadm takes a worker out and brings it in with a join command of its own', async () => {
    const { lab } = shared
    const [controlPlane, worker] = [hostOf(lab, 'cp1'), hostOf(lab, 'w2')]
    await bringKubeadm('w2')
    await kubectl(lab, 'drain w2 --ignore-daemonsets --delete-emptydir-data --force --timeout=120s')
    // What it says at its end is left to the administrator: the network of the pods.
    await inHost(worker, 'kubeadm reset --force && ip link delete cni0 && ip link delete flannel.1')
    await kubectl(lab, 'delete node w2')
    const command = (await inHost(controlPlane, 'kubeadm token create --ttl 15m --print-join-command')).trim()
    expect(command).toMatch(/^kubeadm join \S+:6443 --token \S+ --discovery-token-ca-cert-hash sha256:[0-9a-f]{64}$/)
    // kubeadm checks for cgroup v2; the inventory of the lab allows v1 to the kubelet for the same reason.
    await inHost(worker, `${command} --ignore-preflight-errors=SystemVerification`)
    await eventually(300, async () => {
      expect(await kubectl(lab, `wait node w2 --for condition=Ready --timeout=5s`)).toContain('met')
    })
  })

  test('a plan shows what differs on the worker that kubeadm has joined, and apply makes it ours', async () => {
    const { lab } = shared
    const planned = await planOf(lab)
    process.stderr.write(`after kubeadm join: ${planned.join('; ')}\n`)
    expect(planned.filter((change) => !change.startsWith('w2 ') && !change.startsWith('cp1 '))).toEqual([])
    const outcome = await onLab(lab, 'apply', '--yes')
    expect(outcome.code).toBe(exitCodes.success)
    expect(await planOf(lab)).toEqual([])
  })
}

const certificates = [
  'admin.conf',
  'apiserver',
  'apiserver-etcd-client',
  'apiserver-kubelet-client',
  'controller-manager.conf',
  'etcd-healthcheck-client',
  'etcd-peer',
  'etcd-server',
  'front-proxy-client',
  'scheduler.conf',
  'super-admin.conf',
]

async function bringKubeadm(name: string): Promise<void> {
  const { container } = hostOf(shared.lab, name)
  await $`podman cp ${join(toolsDirectory, version, 'kubeadm')} ${container}:/usr/bin/kubeadm`
}
