import { expect, test } from 'vitest'
import { exitCodes } from '../../../src/engine/errors.ts'
import { contents, differences, livingParts } from '../file-system.ts'
import { podsHaveGone } from '../pods.ts'
import { changesMade, hostOf, inHost, kubectl, onLab, planOf } from '../support.ts'
import { tell } from './installation.ts'
import { shared } from './shared.ts'

/** Somebody was on a host. */
interface Drift {
  readonly what: string
  readonly host: string
  readonly command: string
  /** `host id verb` of what a plan then announces, besides the proof at the end of every run that changes something. */
  readonly found: readonly string[]
}

const drifts: readonly Drift[] = [
  {
    what: 'a changed sysctl file',
    host: 'w1',
    command: 'echo net.ipv4.ip_forward=0 >>/etc/sysctl.d/99-kubernetes.conf',
    found: ['w1 file:/etc/sysctl.d/99-kubernetes.conf update'],
  },
  {
    what: 'a deleted CNI binary',
    host: 'w2',
    command: 'rm /opt/cni/bin/portmap',
    found: ['w2 artifact:cni-plugins update'],
  },
  {
    what: 'a stopped kubelet',
    host: 'w1',
    command: 'systemctl stop kubelet',
    found: ['w1 service:kubelet.service create'],
  },
  {
    what: 'a wrong mode of a key',
    host: 'cp1',
    command: 'chmod 0644 /etc/kubernetes/pki/apiserver.key',
    found: ['cp1 certificate:apiserver update'],
  },
  {
    what: 'an edited manifest of a static pod',
    host: 'cp1',
    command: `sed -i 's/- --leader-elect=true/- --leader-elect=true\\n    - --v=1/' /etc/kubernetes/manifests/kube-scheduler.yaml`,
    found: ['cp1 file:/etc/kubernetes/manifests/kube-scheduler.yaml update'],
  },
]

/** What has changed behind our back is found and put right, and the rest is left alone. */
export function driftIsRepaired(): void {
  let before: Awaited<ReturnType<typeof look>>
  let expected: readonly string[] = []

  for (const [index, drift] of drifts.entries()) {
    test(`a plan finds ${drift.what}, and nothing else besides what was found before`, async () => {
      const { lab } = shared
      if (index === 0) before = await look()
      expected = [...expected, ...drift.found]
      await inHost(hostOf(lab, drift.host), drift.command)
      expect(await planOf(lab)).toEqual([...expected, 'cp1 proof run'].toSorted())
    })
  }

  test('apply repairs all of it, and nothing else changes', async () => {
    const { lab } = shared
    const outcome = await onLab(lab, 'apply', '--yes', '--output', 'json')
    tell('repair of five drifts', outcome.elapsed)
    expect(outcome.code).toBe(exitCodes.success)
    expect(changesMade(outcome)).toEqual([...expected, 'cp1 proof run'].toSorted())
    const after = await look()
    for (const [name, state] of before.hosts) expect(differences(state, after.hosts.get(name) ?? [])).toEqual([])
    expect(differences(before.units, after.units).filter((line) => !line.includes('w1 kubelet'))).toEqual([])
    // The scheduler has got another pod, since its manifest was edited; nobody else has.
    expect(differences(before.pods, after.pods).filter((line) => !line.includes('kube-scheduler'))).toEqual([])
    expect(await planOf(lab)).toEqual([])
  })

  test('the kernel follows the repaired file', async () => {
    for (const name of ['w1', 'w2']) {
      expect(await inHost(hostOf(shared.lab, name), 'cat /proc/sys/net/ipv4/ip_forward')).toBe('1\n')
    }
  })
}

/** Files of all hosts, runs of services, and pods with their restarts. */
async function look() {
  const { lab } = shared
  await podsHaveGone(lab)
  // The pods of the proof have come and gone, and the kubelet and CNI keep a record of each.
  const records = ['/var/lib/cni', '/var/lib/kubelet/actuated_pods_state', '/var/lib/kubelet/allocated_pods_state']
  const skipped = [...livingParts, ...records, '/var/lib/kubewright', '/var/lib/systemd']
  const hosts = await Promise.all(
    lab.hosts.map(async (host) => {
      const services = ['containerd', 'kubelet'].map(
        (unit) => `echo ${host.name} ${unit} $(systemctl show --value -p InvocationID ${unit})`,
      )
      return { name: host.name, files: await contents(host, skipped), units: await inHost(host, services.join(';')) }
    }),
  )
  const columns = `'{range .items[*]}{.metadata.namespace} {.metadata.name} {.metadata.uid} {.status.containerStatuses[*].restartCount}{"\\n"}{end}'`
  return {
    hosts: new Map(hosts.map(({ name, files }) => [name, files])),
    units: hosts.flatMap(({ units }) => units.trim().split('\n')),
    pods: (await kubectl(lab, `get pods -A -o jsonpath=${columns}`)).split('\n'),
  }
}
