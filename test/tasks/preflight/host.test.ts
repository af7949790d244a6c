import { describe, expect, test } from 'vitest'
import { KubewrightError } from '../../../src/engine/errors.ts'
import type { Survey } from '../../../src/host/facts.ts'
import { preflightHost } from '../../../src/tasks/preflight/host.ts'
import {
  ableKernel,
  clusterOf,
  completeArtifacts,
  contextOf,
  factsOf,
  hostOf,
  workerOf,
  type FactsOverrides,
} from '../../support/facts.ts'
import { found, told } from './findings.ts'

const mebibyte = 2 ** 20

function on(facts: FactsOverrides) {
  return contextOf({ facts: factsOf(facts) })
}

function onWorker(facts: FactsOverrides) {
  return contextOf({ host: workerOf('worker1', '10.89.5.12'), facts: factsOf(facts) })
}

function withSurvey(survey: Partial<Survey>) {
  return on({ survey })
}

test('a good host has no finding', () => {
  expect(found(preflightHost, contextOf())).toEqual([])
})

test('a host of which nothing is known has no finding but its init system', () => {
  const unknown = on({
    cpus: 0,
    memoryBytes: 0,
    architecture: '',
    kernel: '',
    cgroupControllers: [],
    os: { id: '', versionId: '', like: [], name: '' },
    survey: { systemd: false, disks: [], kernelAbilities: {}, rootShared: undefined },
  })
  expect(found(preflightHost, unknown)).toEqual(['error Systemd'])
})

describe('machine', () => {
  test('a control plane with less than 1700 MiB of memory is refused, with the figures', () => {
    const small = on({ memoryBytes: 1699 * mebibyte })
    expect(found(preflightHost, small)).toEqual(['error Mem'])
    expect(told(preflightHost, small)).toContain('1699 MiB of memory, a control plane needs 1700 MiB')
    expect(found(preflightHost, on({ memoryBytes: 1700 * mebibyte }))).toEqual([])
  })

  test('a worker with little memory is warned of, and refused where nothing is left for pods', () => {
    expect(found(preflightHost, onWorker({ memoryBytes: 1024 * mebibyte }))).toEqual([])
    expect(found(preflightHost, onWorker({ memoryBytes: 960 * mebibyte }))).toEqual(['warning Mem'])
    expect(found(preflightHost, onWorker({ memoryBytes: 500 * mebibyte }))).toEqual(['error Mem'])
  })

  test('a control plane needs two CPUs, a worker does not', () => {
    expect(found(preflightHost, on({ cpus: 1 }))).toEqual(['error NumCPU'])
    expect(found(preflightHost, onWorker({ cpus: 1 }))).toEqual([])
  })

  test('an unknown system or version is a warning that names the known ones', () => {
    const alpine = on({ os: { id: 'alpine', versionId: '3.20', like: [], name: 'Alpine Linux v3.20' } })
    expect(found(preflightHost, alpine)).toEqual(['warning OperatingSystem'])
    const old = on({ os: { id: 'debian', versionId: '10', like: [], name: 'Debian GNU/Linux 10 (buster)' } })
    expect(told(preflightHost, old)).toContain('debian 12 and debian 13')
  })

  test('a minor version of a known system is known', () => {
    const rocky = on({ os: { id: 'rocky', versionId: '9.4', like: ['rhel'], name: 'Rocky Linux 9.4' } })
    expect(found(preflightHost, rocky)).toEqual([])
  })

  test('an architecture for which the source has nothing is refused with the advice of the source', () => {
    const artifacts = {
      ...completeArtifacts,
      find: () => {
        throw new KubewrightError({
          code: 'KW4001',
          exit: 'usage',
          message: 'no kubelet',
          hint: 'Add it to the bundle.',
        })
      },
    }
    const context = contextOf({ artifacts, facts: factsOf({ architecture: 'riscv64' }) })
    expect(found(preflightHost, context)).toEqual(['error Architecture'])
    expect(told(preflightHost, context)).toMatch(/kubelet 1\.37\.1 for riscv64[^]*Add it to the bundle\./)
  })

  test('mounts that do not propagate are a warning', () => {
    expect(found(preflightHost, withSurvey({ rootShared: false }))).toEqual(['warning MountPropagation'])
  })

  test('SELinux that enforces is a warning unless the inventory changes it', () => {
    expect(found(preflightHost, on({ selinux: 'enforcing' }))).toEqual(['warning SELinux'])
    const permissive = contextOf({ host: hostOf({ selinux: 'permissive' }), facts: factsOf({ selinux: 'enforcing' }) })
    expect(found(preflightHost, permissive)).toEqual([])
  })
})

describe('cgroups', () => {
  const version1 = ['cpu', 'cpuacct', 'cpuset', 'devices', 'freezer', 'memory', 'pids']

  test('version 1 is refused with the setting that allows it', () => {
    const context = on({ cgroupVersion: 1, cgroupControllers: version1 })
    expect(found(preflightHost, context)).toEqual(['error SystemVerification'])
    expect(told(preflightHost, context)).toContain('kubelet.config.failCgroupV1')
  })

  test('version 1 is a warning where the inventory allows it', () => {
    const kubelet = { config: { failCgroupV1: false }, extraArgs: [], patches: [] }
    const facts = factsOf({ cgroupVersion: 1, cgroupControllers: version1 })
    expect(found(preflightHost, contextOf({ host: hostOf({ kubelet }), facts }))).toEqual([
      'warning SystemVerification',
    ])
  })

  test('missing controllers are named', () => {
    const context = on({ cgroupControllers: ['cpuset', 'cpu', 'io', 'pids'] })
    expect(found(preflightHost, context)).toEqual(['error SystemVerification'])
    expect(told(preflightHost, context)).toContain('the cgroup controller memory is not enabled')
  })
})

function without(name: string, ability: 'missing' | 'disabled' = 'missing') {
  return withSurvey({ kernelAbilities: { ...ableKernel, [name]: ability } })
}

describe('kernel', () => {
  test('an old kernel is refused with its version', () => {
    const context = on({ kernel: '4.18.0-553.el8_10.x86_64' })
    expect(found(preflightHost, context)).toEqual(['error SystemVerification'])
    expect(told(preflightHost, context)).toContain('4.18.0-553.el8_10.x86_64, Kubernetes needs 5.4.0')
  })

  test('an ability that is built in, loaded or loadable is enough', () => {
    const kernelAbilities = { ...ableKernel, overlay: 'builtin', br_netfilter: 'loadable' } as const
    expect(found(preflightHost, withSurvey({ kernelAbilities }))).toEqual([])
  })

  test.each(['overlay', 'br_netfilter', 'nf_conntrack', 'vxlan'])('a kernel without %s is refused', (name) => {
    expect(found(preflightHost, without(name))).toEqual([`error KernelModule-${name}`])
  })

  test('a module that modprobe must not load is told with the file to change', () => {
    expect(told(preflightHost, without('vxlan', 'disabled'))).toMatch(/forbids the kernel module vxlan[^]*modprobe\.d/)
  })

  test('the backend decides which tunnel the kernel needs', () => {
    const cluster = clusterOf({ cni: { name: 'flannel', backend: 'wireguard', mtu: undefined, vni: 1, port: 8472 } })
    const kernelAbilities = { ...ableKernel, vxlan: 'missing', wireguard: 'missing' } as const
    const context = contextOf({ cluster, facts: factsOf({ survey: { kernelAbilities } }) })
    expect(found(preflightHost, context)).toEqual(['error KernelModule-wireguard'])
  })

  test('one kind of iptables is enough, none is refused', () => {
    expect(found(preflightHost, without('ip_tables'))).toEqual([])
    expect(found(preflightHost, without('nft_compat'))).toEqual([])
    const kernelAbilities = { ...ableKernel, ip_tables: 'missing', nft_compat: 'missing' } as const
    expect(found(preflightHost, withSurvey({ kernelAbilities }))).toEqual(['error KernelModule-nf_tables'])
  })
})

function proxying(mode: 'ipvs' | 'nftables', facts: FactsOverrides = {}) {
  return contextOf({ cluster: clusterOf({ kubeProxy: { mode, config: {}, patches: [] } }), facts: factsOf(facts) })
}

describe('the mode of kube-proxy', () => {
  test('ipvs is deprecated where the kernel has it', () => {
    expect(found(preflightHost, proxying('ipvs'))).toEqual(['warning KubeProxyMode'])
  })

  test('ipvs is refused where the kernel does not have it', () => {
    const kernelAbilities = { ...ableKernel, ip_vs: 'missing', ip_vs_rr: 'missing' } as const
    const context = proxying('ipvs', { survey: { kernelAbilities } })
    expect(found(preflightHost, context)).toEqual(['error KubeProxyMode', 'warning KubeProxyMode'])
    expect(told(preflightHost, context)).toContain('needs ip_vs and ip_vs_rr')
  })

  test('nftables needs nf_tables', () => {
    const kernelAbilities = { ...ableKernel, nf_tables: 'missing' } as const
    const context = proxying('nftables', { survey: { kernelAbilities } })
    expect(found(preflightHost, context)).toEqual(['error KernelModule-nf_tables'])
  })

  test('nftables needs a kernel of 5.13', () => {
    expect(found(preflightHost, proxying('nftables', { kernel: '5.10.0-35-amd64' }))).toEqual(['error KubeProxyMode'])
    expect(found(preflightHost, proxying('nftables', { kernel: '5.14.0-427.el9.x86_64' }))).toEqual([])
  })
})
