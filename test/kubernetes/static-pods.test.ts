import { describe, expect, test } from 'vitest'
import type { Cluster, PlacedFile, StaticPodOptions } from '../../src/inventory/cluster.ts'
import * as pods from '../../src/kubernetes/static-pods.ts'
import { controlPlane, defaultCluster } from './scenarios.ts'

const view = { nodeIP: '10.89.5.11', caDirectories: [], inputs: {} }
const file = (path: string, content = ''): PlacedFile => ({ path, content, mode: 0o600 })

interface Pod {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> }
  readonly spec: {
    readonly containers: readonly {
      readonly command: readonly string[]
      readonly env?: readonly object[]
      readonly startupProbe: { readonly httpGet: Readonly<Record<string, unknown>> }
      readonly volumeMounts: readonly Readonly<Record<string, unknown>>[]
    }[]
    readonly volumes: readonly Readonly<Record<string, unknown>>[]
  }
}

const asPod = (object: object) => object as unknown as Pod
const container = (object: object) => {
  const [first] = asPod(object).spec.containers
  if (first === undefined) throw new Error('no container')
  return first
}

function annotation(inputs: Readonly<Record<string, string>>): string | undefined {
  const pod = pods.schedulerPod(defaultCluster(), controlPlane, { ...view, inputs })
  return asPod(pod).metadata.annotations?.[pods.inputsAnnotation]
}

function mountsOfScheduler(...files: readonly PlacedFile[]): readonly unknown[] {
  const pod = pods.schedulerPod(withScheduler({ files }), controlPlane, view)
  return container(pod).volumeMounts.map(({ mountPath }) => mountPath)
}

function etcd(initialCluster: readonly pods.EtcdMember[], extraArgs: StaticPodOptions['extraArgs'] = []) {
  const cluster = defaultCluster()
  const options = { ...cluster.etcd, extraArgs }
  return container(pods.etcdPod({ ...cluster, etcd: options }, controlPlane, { ...view, initialCluster }))
}

function withScheduler(options: Partial<StaticPodOptions>): Cluster {
  const cluster = defaultCluster()
  return { ...cluster, scheduler: { ...cluster.scheduler, ...options } }
}

describe('the digest of the inputs', () => {
  test('is in an annotation, and changes with content and path', () => {
    const one = annotation(pods.inputsOfFiles([file('/etc/kubernetes/a', '1')]))
    expect(one).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(annotation(pods.inputsOfFiles([file('/etc/kubernetes/a', '2')]))).not.toBe(one)
    expect(annotation(pods.inputsOfFiles([file('/etc/kubernetes/b', '1')]))).not.toBe(one)
  })

  test('does not depend on the order of the files', () => {
    const files = [file('/etc/kubernetes/a', '1'), file('/etc/kubernetes/b', '2')]
    expect(annotation(pods.inputsOfFiles(files.toReversed()))).toBe(annotation(pods.inputsOfFiles(files)))
  })

  test('is left out without inputs, so that a pod of kubeadm is not restarted', () => {
    expect(annotation({})).toBeUndefined()
  })

  test('stands beside the annotations that kubeadm reads', () => {
    const pod = pods.apiServerPod(defaultCluster(), controlPlane, { ...view, inputs: { x: 'y' } })
    expect(Object.keys(asPod(pod).metadata.annotations ?? {})).toEqual([
      'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint',
      pods.inputsAnnotation,
    ])
  })
})

describe('files of the inventory', () => {
  test('are mounted by their directory, since a replaced file is a new inode', () => {
    expect(mountsOfScheduler(file('/etc/kubernetes/audit/a.yaml'), file('/etc/kubernetes/audit/b.yaml'))).toEqual([
      '/etc/kubernetes/audit',
      '/etc/kubernetes/scheduler.conf',
    ])
  })

  test('directly below /etc/kubernetes are mounted alone, since that directory holds every key', () => {
    const pod = pods.schedulerPod(withScheduler({ files: [file('/etc/kubernetes/s.yaml')] }), controlPlane, view)
    expect(asPod(pod).spec.volumes[0]).toEqual({
      name: 'etc-kubernetes-s-yaml',
      hostPath: { path: '/etc/kubernetes/s.yaml', type: 'File' },
    })
    expect(container(pod).volumeMounts[0]).toMatchObject({ readOnly: true })
  })

  test('in a directory below another one need one mount', () => {
    expect(mountsOfScheduler(file('/etc/kubernetes/a/x'), file('/etc/kubernetes/a/b/y'))).toContain('/etc/kubernetes/a')
    expect(mountsOfScheduler(file('/etc/kubernetes/a/x'), file('/etc/kubernetes/a/b/y'))).not.toContain(
      '/etc/kubernetes/a/b',
    )
  })

  test('whose directory is an extra volume already are not mounted twice', () => {
    const path = '/etc/kubernetes/audit'
    const extraVolumes = [
      { name: 'audit', hostPath: path, mountPath: path, readOnly: false, pathType: 'Directory' },
    ] as const
    const cluster = withScheduler({ extraVolumes, files: [file(`${path}/policy.yaml`)] })
    const { volumeMounts } = container(pods.schedulerPod(cluster, controlPlane, view))
    expect(volumeMounts.filter(({ mountPath }) => mountPath === path)).toEqual([{ name: 'audit', mountPath: path }])
  })

  test('get names of volumes that are valid and do not clash', () => {
    const files = [
      file('/etc/kubernetes/a.b/x'),
      file('/etc/kubernetes/a-b/x'),
      file(`/etc/kubernetes/${'x'.repeat(80)}/y`),
    ]
    const { volumeMounts } = container(pods.schedulerPod(withScheduler({ files }), controlPlane, view))
    const names = volumeMounts.map(({ name }) => String(name))
    expect(new Set(names).size).toBe(4)
    for (const name of names) expect(name).toMatch(/^[a-z0-9][-a-z0-9]{0,61}[a-z0-9]$/)
  })

  test('reach etcd, too', () => {
    const cluster = defaultCluster()
    const etcd = { ...cluster.etcd, files: [file('/etc/kubernetes/etcd/x')] }
    const pod = pods.etcdPod({ ...cluster, etcd }, controlPlane, { ...view, initialCluster: [] })
    expect(container(pod).volumeMounts.map(({ mountPath }) => mountPath)).toEqual([
      '/var/lib/etcd',
      '/etc/kubernetes/pki/etcd',
      '/etc/kubernetes/etcd',
    ])
  })
})

describe('etcd', () => {
  test('a member that joins names all members and an existing cluster', () => {
    const { command } = etcd([
      { name: 'cp0', peerURL: 'https://10.89.5.10:2380' },
      { name: 'cp1', peerURL: 'https://10.89.5.11:2380' },
    ])
    expect(command).toContain('--initial-cluster=cp0=https://10.89.5.10:2380,cp1=https://10.89.5.11:2380')
    expect(command).toContain('--initial-cluster-state=existing')
  })

  test('members may begin a cluster together', () => {
    const cluster = defaultCluster()
    const initialCluster = [{ name: 'cp0', peerURL: 'https://10.89.5.10:2380' }]
    const start = { ...view, initialCluster, initialClusterState: 'new' } as const
    const { command } = container(pods.etcdPod(cluster, controlPlane, start))
    expect(command).toContain('--initial-cluster=cp0=https://10.89.5.10:2380')
    expect(command.join(' ')).not.toContain('initial-cluster-state')
  })

  test('the first member begins a cluster', () => {
    expect(etcd([]).command).toContain('--initial-cluster=cp1=https://10.89.5.11:2380')
    expect(etcd([]).command.join(' ')).not.toContain('initial-cluster-state')
  })

  test.each([
    ['http://[fd00::1]:2391', { host: 'fd00::1', scheme: 'HTTP' }],
    ['https://10.0.0.1:443', { host: '10.0.0.1', scheme: 'HTTPS' }],
    ['http://:2381', { host: '127.0.0.1', scheme: 'HTTP' }],
    ['unix:///x', { host: '127.0.0.1', scheme: 'HTTP' }],
  ])('its probes follow listen-metrics-urls %s', (value, probe) => {
    expect(etcd([], [{ name: 'listen-metrics-urls', value }]).startupProbe.httpGet).toMatchObject(probe)
  })
})

test('a probe of a component that listens everywhere asks the address of the pod', () => {
  const pod = pods.schedulerPod(
    withScheduler({ extraArgs: [{ name: 'bind-address', value: '::' }] }),
    controlPlane,
    view,
  )
  expect(container(pod).startupProbe.httpGet).not.toHaveProperty('host')
})

test('an authorization configuration takes the place of the modes', () => {
  const cluster = defaultCluster()
  const extraArgs = [{ name: 'authorization-config', value: '/etc/kubernetes/authz/config.yaml' }]
  const pod = pods.apiServerPod({ ...cluster, apiServer: { ...cluster.apiServer, extraArgs } }, controlPlane, view)
  expect(container(pod).command.join(' ')).not.toContain('authorization-mode')
})

test('the API server listens on 6443 behind a load balancer with another port', () => {
  const cluster = {
    ...defaultCluster(),
    controlPlaneEndpoint: { address: 'lb', port: 443, provider: 'external', explicit: true },
  } as const
  expect(container(pods.apiServerPod(cluster, controlPlane, view)).command).toContain('--secure-port=6443')
})

test("an error in a patch names the inventory's field", () => {
  const patches = [{ type: 'json', patch: [{ op: 'remove', path: '/spec/none' }] }] as const
  expect(() => pods.schedulerPod(withScheduler({ patches }), controlPlane, view)).toThrow(
    'spec.scheduler.patches[0] (json): /spec/none: there is no none',
  )
})

test.each([
  [24, ['10.244.0.0/16'], undefined],
  [26, ['10.244.0.0/16'], '--node-cidr-mask-size=26'],
  [26, ['10.244.0.0/16', 'fd01::/48'], '--node-cidr-mask-size-ipv4=26'],
  [64, ['fd01::/48'], undefined],
  [72, ['fd01::/48', '10.244.0.0/16'], '--node-cidr-mask-size-ipv6=72'],
])('a node mask size of %i for %j gives %s', (nodeCIDRMaskSize, podSubnets, flag) => {
  const cluster = defaultCluster()
  const networking = { ...cluster.networking, nodeCIDRMaskSize, podSubnets }
  const { command } = container(pods.controllerManagerPod({ ...cluster, networking }, controlPlane, view))
  expect(command.find((each) => each.startsWith('--node-cidr-mask-size'))).toBe(flag)
})
