import { describe, expect, test } from 'vitest'
import { parseFacts } from '../../src/host/facts-script.ts'
import { hostOf } from '../support/facts.ts'
import { files, parsed, timing } from './facts-output.ts'

test('an empty output is a host of which nothing is known', () => {
  const facts = parseFacts('', hostOf(), timing)
  expect(facts).toMatchObject({ hostname: '', cpus: 0, nodeIP: '', clockOffset: 0, selinux: 'absent' })
  expect(facts.state).toEqual({ cluster: undefined, operation: undefined, installed: {} })
})

describe('the machine', () => {
  test('its operating system is named as os-release does, without quotes', () => {
    const { os } = parsed({
      system: files({
        '/etc/os-release': 'PRETTY_NAME="Rocky Linux 9.4"\nID="rocky"\nVERSION_ID=\'9.4\'\nID_LIKE="rhel centos"',
      }),
    })
    expect(os).toEqual({ id: 'rocky', versionId: '9.4', like: ['rhel', 'centos'], name: 'Rocky Linux 9.4' })
  })

  test('its architecture is spelled as Go does', () => {
    expect(parsed({ machine: 'x86_64' }).architecture).toBe('amd64')
    expect(parsed({ machine: 'aarch64' }).architecture).toBe('arm64')
    expect(parsed({ machine: 'riscv64' }).architecture).toBe('riscv64')
  })

  test('its CPUs are counted from ranges, its memory from kibibytes', () => {
    const facts = parsed({
      system: files({
        '/sys/devices/system/cpu/online': '0-3,8',
        '/proc/meminfo': 'MemTotal:  2048 kB\nMemFree: 1 kB',
      }),
    })
    expect(facts).toMatchObject({ cpus: 5, memoryBytes: 2 * 2 ** 20 })
  })

  test('cgroup v2 has its controllers at the root, v1 in a table', () => {
    const v2 = parsed({ system: files({ '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu memory pids' }) })
    expect(v2).toMatchObject({ cgroupVersion: 2, cgroupControllers: ['cpuset', 'cpu', 'memory', 'pids'] })
    const table = '#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\nmemory\t0\t1\t0'
    const v1 = parsed({ system: files({ '/proc/cgroups': table }) })
    expect(v1).toMatchObject({ cgroupVersion: 1, cgroupControllers: ['cpu'] })
  })

  test('SELinux enforces, permits, is switched off or is not there', () => {
    const found = ['1', '0'].map((value) => parsed({ system: files({ '/sys/fs/selinux/enforce': value }) }).selinux)
    expect(found).toEqual(['enforcing', 'permissive'])
    expect(parsed({ paths: '/etc/selinux/config' }).selinux).toBe('disabled')
  })

  test('swap is listed by its devices', () => {
    const swaps = 'Filename\tType\tSize\n/swapfile file 1048572 0 -2\n/dev/zram0 partition 8 0 100'
    expect(parsed({ system: files({ '/proc/swaps': swaps }) }).survey.swaps).toEqual(['/swapfile', '/dev/zram0'])
  })
})

describe('the clock', () => {
  test('is compared at the middle of the round trip', () => {
    const facts = parsed({ started: '1600.04', ended: '1600.06' })
    expect(facts.clockOffset).toBeCloseTo(600, 5)
  })

  test('is not mistaken for wrong when the execution goes on after the facts', () => {
    const output = '\n\u001estarted\n1000.01\n\n\u001eended\n1000.05\n'
    const facts = parseFacts(output, hostOf(), { sentAt: 1_000_000, receivedAt: 1_007_000 })
    expect(Math.abs(facts.clockOffset)).toBeLessThan(0.6)
  })

  test('works with a date that knows no nanoseconds', () => {
    expect(parsed({ started: '1000.%N', ended: '1000.%N' }).clockOffset).toBeCloseTo(-0.05, 5)
  })
})

function abilities(lines: readonly string[]) {
  return parsed({ kernel: lines.join('\n') }).survey.kernelAbilities
}

describe('the kernel', () => {
  test('has what is loaded, built in or can be loaded, and lacks the rest of what its directory lists', () => {
    const found = abilities(['loaded overlay', 'builtin overlay', 'listed', 'builtin vxlan', 'loadable br_netfilter'])
    expect(found).toMatchObject({ overlay: 'loaded', vxlan: 'builtin', br_netfilter: 'loadable', ip_vs: 'missing' })
  })

  test('may be forbidden to load a module', () => {
    expect(abilities(['listed', 'loadable vxlan', 'disabled vxlan'])['vxlan']).toBe('disabled')
  })

  test('without a directory of modules is known by its configuration, where a module that is not loaded cannot be', () => {
    const found = abilities(['configured', 'CONFIG_OVERLAY_FS=y', 'CONFIG_VXLAN=m', 'CONFIG_IP_NF_IPTABLES=y'])
    expect(found).toMatchObject({ overlay: 'builtin', vxlan: 'missing', ip_tables: 'builtin', wireguard: 'missing' })
  })

  test('of which nothing is known lacks nothing', () => {
    expect(abilities(['builtin overlay'])).toEqual({ overlay: 'builtin' })
    expect(abilities(['configured'])).toEqual({})
  })
})

describe('disks', () => {
  test('a directory that is not there yet is on the file system of its nearest parent', () => {
    const disks = parsed({
      parents: '/var/lib/etcd\t/var/lib\tyes\n/opt\t/opt\tno',
      disks:
        '  Avail 1B-blocks IFree Inodes File Filesystem Mounted on\n  100  200 5 10 /var/lib /dev/vdb /var\n 7 8 0 0 /opt tmpfs /mnt/my disk',
    }).survey.disks
    expect(disks).toEqual([
      {
        path: '/var/lib/etcd',
        mount: '/var',
        device: '/dev/vdb',
        free: 100,
        total: 200,
        freeInodes: 5,
        writable: true,
      },
      {
        path: '/opt',
        mount: '/mnt/my disk',
        device: 'tmpfs',
        free: 7,
        total: 8,
        freeInodes: undefined,
        writable: false,
      },
    ])
  })
})

describe('services', () => {
  test('units that are not installed are left out', () => {
    const units = [
      'Id=containerd.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\nFragmentPath=/usr/lib/systemd/system/containerd.service',
      'Id=docker.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=\nFragmentPath=',
    ]
    expect(parsed({ units: units.join('\n\n') }).survey.units).toEqual({
      containerd: { active: 'active', enabled: 'enabled', fragment: '/usr/lib/systemd/system/containerd.service' },
    })
  })

  test('versions are found in what programs say', () => {
    const programs = [
      'containerd\t/usr/local/bin/containerd\tcontainerd github.com/containerd/containerd/v2 v2.2.9 be1f3ee',
      'runc\t/usr/sbin/runc\trunc version 1.1.5+ds1',
      'dockerd\t/usr/bin/dockerd\tDocker version 24.0.7, build 311b9ff',
      'crio\t/usr/bin/crio\tcrio version unknown',
    ]
    const { programs: found } = parsed({ programs: programs.join('\n') }).survey
    expect(Object.values(found).map(({ version }) => version)).toEqual(['2.2.9', '1.1.5', '24.0.7', ''])
  })
})

describe('files of a cluster', () => {
  test('are told apart by their directories', () => {
    const paths = [
      '/run/containerd/containerd.sock',
      '/usr/bin/apt-get',
      '/etc/cni/net.d/10-flannel.conflist',
      '/etc/kubernetes/manifests/etcd.yaml',
      '/etc/kubernetes/kubelet.conf',
      '/var/lib/etcd/member',
      '/var/lib/kubelet/config.yaml',
    ]
    const { survey, packageManager } = parsed({ paths: paths.join('\n') })
    expect(packageManager).toBe('apt')
    expect(survey).toMatchObject({
      criSockets: ['/run/containerd/containerd.sock'],
      manifests: ['etcd.yaml'],
      cniConfigurations: ['10-flannel.conflist'],
      etcdData: true,
      kubernetesFiles: ['/etc/kubernetes/kubelet.conf', '/var/lib/kubelet/config.yaml'],
    })
  })

  test('an etcd disk with nothing but lost+found is empty', () => {
    expect(parsed({ paths: '/var/lib/etcd/lost+found' }).survey.etcdData).toBe(false)
  })
})

function state(contents: Readonly<Record<string, string>>) {
  const named = Object.entries(contents).map(([name, text]) => [`/var/lib/kubewright/${name}`, text] as const)
  return parsed({ state: files(Object.fromEntries(named)) }).state
}

describe('our own records', () => {
  test('identity and unfinished operation are read', () => {
    const cluster = { id: 'c-1', name: 'lab', appliedBy: 'me' }
    const operation = {
      id: 'o-1',
      playbook: 'cluster',
      inventory: 'd',
      program: '0.1.0',
      startedBy: 'me',
      startedAt: 'now',
    }
    const found = state({ 'cluster.json': JSON.stringify(cluster), 'operation.json': JSON.stringify(operation) })
    expect(found).toEqual({ cluster, operation, installed: {} })
  })

  test('a record that a crash has cut short counts as none', () => {
    const found = state({
      'cluster.json': '{"id":"c-1",',
      'installed.ndjson': '{"path":"/a","sha256":"1","stat":"s","name":"n"}\n{"pa',
    })
    expect(found.cluster).toBeUndefined()
    expect(Object.keys(found.installed)).toEqual(['/a'])
  })

  test('of several lines for one file the last counts', () => {
    const lines = ['old', 'new'].map((sha256) =>
      JSON.stringify({ path: '/a', sha256, stat: '1 2 3', name: 'kubelet 1.37.1' }),
    )
    const { installed } = state({ 'installed.ndjson': lines.join('\n') })
    expect(installed['/a']).toEqual({ sha256: 'new', stat: '1 2 3', name: 'kubelet 1.37.1' })
  })
})
