import { beforeEach, describe, expect, test } from 'vitest'
import type { Context } from '../../../src/tasks/context.ts'
import { apiServerImages, etcdImages } from '../../../src/tasks/containerd/images.ts'
import { containerdConfig } from '../../../src/tasks/containerd/config.ts'
import { containerdInstall } from '../../../src/tasks/containerd/install.ts'
import { controlPlaneApiServer } from '../../../src/tasks/control-plane/static-pods.ts'
import { authoritySource, etcdAuthority, etcdServers, nodeNames } from '../../../src/tasks/control-planes.ts'
import { etcdClient } from '../../../src/tasks/etcd/client.ts'
import { etcdJoin, etcdMember } from '../../../src/tasks/etcd/member.ts'
import { etcdReady } from '../../../src/tasks/etcd/ready.ts'
import { hostFirewall } from '../../../src/tasks/host/firewall.ts'
import { hostModules } from '../../../src/tasks/host/modules.ts'
import { hostSysctl } from '../../../src/tasks/host/sysctl.ts'
import { kubeletConfig } from '../../../src/tasks/kubelet/config.ts'
import { kubeletInstall } from '../../../src/tasks/kubelet/install.ts'
import { pkiAuthorities } from '../../../src/tasks/pki/authorities.ts'
import { pkiControlPlane } from '../../../src/tasks/pki/control-plane.ts'
import { pkiEtcd } from '../../../src/tasks/pki/etcd.ts'
import type { Task } from '../../../src/engine/task.ts'
import { onHost } from '../../support/etcd-hosts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const manifest = '/etc/kubernetes/manifests/etcd.yaml'
const servers = [1, 2, 3].map((index) => `https://10.89.5.3${index}:2379`)

/** What an older version left, which made no notes. */
const containerdFile: Task<Context> = {
  name: 'containerd/config',
  summary: 'Configure containerd',
  resources: (context) => containerdConfig.resources(context).slice(0, 1),
}

let host: SandboxHost

beforeEach(() => {
  host = sandboxHost({ name: 'e1' })
})

function ids(context: Context, ...tasks: readonly Task<Context>[]): readonly string[] {
  return tasks.flatMap((task) => task.resources(context).map(({ id }) => id))
}

describe('a host of etcd', () => {
  test('has the authority of etcd and the certificates of a member, and nothing of the cluster', async () => {
    const { cluster, ...rest } = onHost('e1')
    const alone = cluster.hosts.filter(({ name }) => name !== 'e2' && name !== 'e3')
    const context = { ...rest, cluster: { ...cluster, hosts: alone }, now: new Date() }
    await applyTasks(host, pkiEtcd, context)
    const files = [...host.snapshot().keys()].toSorted().filter((path) => path.startsWith('/etc/kubernetes/pki/'))
    expect(
      files.filter((path) => /\.(?:crt|key)$/.test(path)).map((path) => path.slice('/etc/kubernetes/pki/'.length)),
    ).toEqual(
      ['ca', 'healthcheck-client', 'peer', 'server'].flatMap((name) => [`etcd/${name}.crt`, `etcd/${name}.key`]),
    )
    expect(listed(await planTasks(host, pkiEtcd, context))).toEqual([])
  })

  test('begins the cluster where it is the first', async () => {
    await applyTasks(host, etcdMember, onHost('e1'))
    expect(host.read(manifest)).toContain('--initial-cluster=e1=https://10.89.5.31:2380\n')
  })

  test('joins the one that answers otherwise', async () => {
    host = sandboxHost({ name: 'e2' })
    host.install('etcdctl')
    host.write('/etc/kubernetes/pki/etcd/healthcheck-client.crt', 'certificate')
    host.write('/fake/etcd/silent', 'https://10.89.5.32:2379\nhttps://10.89.5.31:2379\n')
    host.write('/proc/1/comm', 'systemd\n')
    host.write('/fake/etcd/members', 'aaa3, started, e3, https://10.89.5.33:2380, https://10.89.5.33:2379, false\n')
    const context = onHost('e2')
    await applyTasks(host, etcdJoin, context)
    expect(host.read(manifest)).toContain('--initial-cluster=e3=https://10.89.5.33:2380,e2=https://10.89.5.32:2380')
    expect(listed(await planTasks(host, etcdJoin, context))).toEqual([])
  })

  test('is waited for until its member is healthy', async () => {
    host.install('etcdctl')
    expect(listed(await planTasks(host, etcdReady, onHost('e1')))).toEqual(['wait gate:etcd'])
    host.write(
      '/usr/sbin/etcdctl',
      '#!/bin/sh\necho "https://10.89.5.31:2379 is healthy: successfully committed proposal" >&2\n',
      0o755,
    )
    expect(listed(await planTasks(host, etcdReady, onHost('e1')))).toEqual([])
  })

  test('has a kubelet that knows no API server', async () => {
    await applyTasks(host, kubeletConfig, onHost('e1'))
    const configuration = host.read('/var/lib/kubelet/config.yaml') ?? ''
    expect(configuration).toContain('enableServer: false\n')
    expect(configuration).toContain('mode: AlwaysAllow\n')
    expect(configuration).toContain('staticPodPath: /etc/kubernetes/manifests\n')
    expect(configuration).not.toMatch(/clusterDNS|clientCAFile|tlsCertFile/)
    expect(host.read('/var/lib/kubelet/kubeadm-flags.env')).toBe('KUBELET_KUBEADM_ARGS=""\n')
    expect(host.read('/etc/kubernetes/pki/ca.crt')).toBeUndefined()
    expect(ids(onHost('e1'), kubeletInstall)).toContain(
      'file:/usr/lib/systemd/system/kubelet.service.d/20-standalone.conf',
    )
    expect(ids(onHost('w1'), kubeletInstall).filter((id) => id.includes('standalone'))).toEqual([])
  })

  test('has the images of etcd, and no plugins of a network', () => {
    expect(ids(onHost('e1'), etcdImages)).toEqual([
      'image:registry.k8s.io/pause:3.10.2',
      'image:registry.k8s.io/etcd:3.7.0-0',
    ])
    const plugins = (name: string) => ids(onHost(name), containerdInstall).filter((id) => id === 'artifact:cni-plugins')
    expect(plugins('e1')).toEqual([])
    expect(plugins('w1')).toHaveLength(1)
  })

  test('needs nothing of the kernel but what containers do, and opens the ports of etcd alone', async () => {
    const bare = { survey: { kernelAbilities: {} } }
    expect(ids(onHost('e1', { facts: bare }), hostModules).filter((id) => id.includes('br_netfilter'))).toEqual([])
    expect(ids(onHost('e1'), hostSysctl)).toEqual(['kernel:before', 'directories:before'])
    host.install('firewall-cmd')
    host.write('/fake/units/firewalld.service/active', 'active')
    const { changes } = await planTasks(host, hostFirewall, onHost('e1'))
    expect(changes.map(({ change }) => change.summary)).toEqual(['open firewalld for tcp/2379-2380'])
  })
})

test('what a host of etcd was like is not noted any more once containerd is configured there', async () => {
  const notes = ['run kernel:before', 'run directories:before']
  expect(listed(await planTasks(host, hostSysctl, onHost('e1')))).toEqual(notes)
  await applyTasks(host, containerdFile, onHost('e1'))
  expect(listed(await planTasks(host, hostSysctl, onHost('e1')))).toEqual([])
})

describe('a control plane with hosts of etcd', () => {
  test('has a client certificate of their authority, whose key it never has', () => {
    expect(ids(onHost('cp1'), etcdClient)).toEqual([
      'file:/etc/kubernetes/pki/etcd/ca.crt',
      'certificate:apiserver-etcd-client',
    ])
    expect(
      ids(onHost('cp1'), pkiAuthorities, pkiControlPlane, etcdMember, apiServerImages).filter((id) =>
        id.includes('etcd'),
      ),
    ).toEqual([])
  })

  test('looks for that authority on the hosts of etcd, and for the others on control planes', () => {
    const authorities = { 'etcd/ca': { certificate: '', certificateOn: ['e2'], keyOn: ['e2'], differsOn: [] } }
    const context = onHost('cp1', { authorities })
    expect(authoritySource(context, etcdAuthority).hosts).toEqual(['e2', 'e1', 'e3'])
    expect(authoritySource(context).hosts).toEqual(['cp1'])
  })

  test('leads its API server to all of them', async () => {
    expect(etcdServers(onHost('cp1'))).toEqual(servers)
    host = sandboxHost()
    await applyTasks(host, controlPlaneApiServer, onHost('cp1'))
    expect(host.read('/etc/kubernetes/manifests/kube-apiserver.yaml')).toContain(
      `--etcd-servers=${servers.join(',')}\n`,
    )
  })

  test('does not count them among the nodes', () => {
    expect(nodeNames(onHost('cp1'))).toEqual(['cp1', 'w1'])
  })
})
