import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bootstrapObjects } from '../../src/kubernetes/bootstrap.ts'
import { bootstrapTokenSecret } from '../../src/kubernetes/bootstrap-token.ts'
import { corednsObjects } from '../../src/kubernetes/coredns.ts'
import { inputsOfFiles } from '../../src/kubernetes/inputs.ts'
import { kubeProxyObjects } from '../../src/kubernetes/kube-proxy.ts'
import { kubeadmFlagsEnv, taintText } from '../../src/kubernetes/kubelet-flags.ts'
import { instanceConfiguration, kubeletConfiguration } from '../../src/kubernetes/kubelet.ts'
import { nodeMarks } from '../../src/kubernetes/node-marks.ts'
import { kubernetesObject, objectName } from '../../src/kubernetes/object.ts'
import * as pods from '../../src/kubernetes/static-pods.ts'
import { minorOf, upstreamImages } from '../../src/kubernetes/versions.ts'
import { isMapping, parseYaml, parseYamlDocuments } from '../../src/render/yaml.ts'
import { Secret } from '../../src/transport/command.ts'
import { differences } from '../golden/differences.ts'
import type { Difference } from '../golden/differences.ts'
import { discrepancies, isZero } from './compare.ts'
import type { Discrepancy } from './compare.ts'
import { caDirectories, goldenDirectory, scenarios, worker } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'

const versions = readdirSync(goldenDirectory).filter((name) => existsSync(join(goldenDirectory, name, 'images.txt')))
const seen = new Set<Difference>()

test('there are golden files for every supported minor', () => {
  expect(versions.map(minorOf).toSorted()).toEqual(['1.36', '1.37'])
})

describe.each(versions)('kubeadm %s', (version) => {
  describe.each(scenarios(version).map((scenario) => [scenario.name, scenario] as const))('%s', (name, scenario) => {
    const golden = (file: string) => readFileSync(join(goldenDirectory, version, name, file), 'utf8')

    test.each(Object.entries(files(scenario)))('%s is what kubeadm writes', (file, ours) => {
      expectSame(file, version, ours, parseYaml(golden(file), file))
    })

    test('kubeadm-flags.env is what kubeadm writes', () => {
      const ours = kubeadmFlagsEnv(scenario.host, { nodeIP: scenario.nodeIP, hostname: 'cp1' })
      expectSame('kubeadm-flags.env', version, flags(ours), flags(golden('kubeadm-flags.env')))
    })

    test('the objects in the API are those of kubeadm', () => {
      const kubeadms = parseYamlDocuments(golden('objects.yaml'), 'objects.yaml').map((value) => byName(value))
      const ours = objects(scenario).map((value) => byName(value))
      const all = new Set([...ours, ...kubeadms].map(([id]) => id))
      for (const id of all) expectSame(id, version, Object.fromEntries(ours)[id], Object.fromEntries(kubeadms)[id])
    })

    test('the node gets the labels and taints of kubeadm', () => {
      const { labels, taints } = nodeMarks(scenario.host)
      const ours = { labels: Object.keys(labels), taints: taints.map(taintText) }
      expect(ours).toEqual(parseYaml(golden('marks.yaml'), 'marks.yaml'))
    })
  })

  test('a worker registers with its taints', () => {
    const taints = [
      { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' },
      { key: 'slow', value: undefined, effect: 'PreferNoSchedule' },
    ] as const
    const ours = kubeadmFlagsEnv({ ...worker, taints }, { nodeIP: '10.89.5.21', hostname: 'cp1' })
    const kubeadms = readFileSync(join(goldenDirectory, version, 'worker', 'kubeadm-flags.env'), 'utf8')
    expectSame('kubeadm-flags.env', version, flags(ours), flags(kubeadms))
  })

  test('the images are those of kubeadm config images list', () => {
    const list = readFileSync(join(goldenDirectory, version, 'images.txt'), 'utf8')
      .trim()
      .split('\n')
    const images = Object.values(upstreamImages(version)).filter(
      (image) => !/\/(?:flannel|calico|agnhost|haproxy)/.test(image),
    )
    expect(images.toSorted()).toEqual(list.toSorted())
  })
})

test('every intended difference occurs', () => {
  expect(differences.filter((difference) => !seen.has(difference)).map(({ reason }) => reason)).toEqual([])
})

function files({ cluster, host, nodeIP, etcdServers }: Scenario): Readonly<Record<string, object>> {
  const view = { nodeIP, caDirectories, inputs: {}, etcdServers }
  const withFiles = (options: { readonly files: (typeof cluster)['etcd']['files'] }) => ({
    ...view,
    inputs: inputsOfFiles(options.files),
  })
  const facts = { resolvConf: '/etc/resolv.conf', memoryBytes: 8 * 2 ** 30, cpus: 4 }
  return {
    ...(etcdServers === undefined ? { 'etcd.yaml': pods.etcdPod(cluster, host, { ...view, initialCluster: [] }) } : {}),
    'kube-apiserver.yaml': pods.apiServerPod(cluster, host, withFiles(cluster.apiServer)),
    'kube-controller-manager.yaml': pods.controllerManagerPod(cluster, host, view),
    'kube-scheduler.yaml': pods.schedulerPod(cluster, host, withFiles(cluster.scheduler)),
    'config.yaml': kubeletConfiguration(cluster, host, facts),
    'instance-config.yaml': instanceConfiguration(host),
  }
}

function objects({ cluster, nodeIP, etcdServers }: Scenario): readonly object[] {
  const token = bootstrapTokenSecret({
    id: 'abcdef',
    secret: new Secret('0123456789abcdef'),
    expiration: new Date('2030-01-02T03:04:05.678Z'),
    description: 'a test',
  })
  return [
    ...bootstrapObjects(cluster, { nodeIP, caCertificate: 'the CA', etcdServers }),
    JSON.parse(token.manifest.reveal()) as object,
    ...corednsObjects(cluster),
    ...kubeProxyObjects(cluster, { nodeIP }),
  ]
}

/** An object by its name, with the documents in a ConfigMap read. */
function byName(value: object): readonly [string, object] {
  const object = kubernetesObject({ ...value }, 'an object')
  const { data } = object
  if (object.kind !== 'ConfigMap' || !isMapping(data)) return [objectName(object), object]
  const read = Object.entries(data).map(([key, text]) => [
    key,
    key === 'Corefile' ? text : parseYaml(String(text), key),
  ])
  return [objectName(object), { ...object, data: Object.fromEntries(read) as object }]
}

function flags(text: string): Readonly<Record<string, string>> {
  const line = /^KUBELET_KUBEADM_ARGS="(?<flags>[^"]*)"\n$/.exec(text)?.groups?.['flags'] ?? 'not an environment file'
  return Object.fromEntries(
    line.split(' ').map((flag) => flag.replace(/^--/, '').split(/=(.*)/s).slice(0, 2) as [string, string]),
  )
}

function expectSame(document: string, version: string, ours: unknown, kubeadm: unknown): void {
  const unexpected = discrepancies(ours, kubeadm).filter((each) => !isIntended(document, version, each))
  expect(unexpected, document).toEqual([])
}

function isIntended(document: string, version: string, discrepancy: Discrepancy): boolean {
  const reasons = differences.filter(
    ({ documents, paths, kind, minor }) =>
      documents.includes(document) &&
      (minor === undefined || minor === minorOf(version)) &&
      paths.some((path) => `${discrepancy.path}/`.startsWith(`${path}/`)) &&
      isOfKind(kind, discrepancy),
  )
  for (const reason of reasons) seen.add(reason)
  return reasons.length > 0
}

function isOfKind(kind: Difference['kind'], { ours, kubeadm }: Discrepancy): boolean {
  if (kind === 'ours') return kubeadm === undefined
  if (kind === 'kubeadm') return ours === undefined
  if (kind === 'zero') return ours === undefined && isZero(kubeadm)
  return ours !== undefined && kubeadm !== undefined
}
