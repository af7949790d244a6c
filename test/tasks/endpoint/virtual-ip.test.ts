import { beforeEach, describe, expect, test } from 'vitest'
import { keepalivedConfiguration, type VirtualAddressView } from '../../../src/kubernetes/keepalived.ts'
import { apiServerPort, clusterEndpointUrl, nodeEndpointUrl } from '../../../src/kubernetes/node.ts'
import { endpointUnused } from '../../../src/tasks/endpoint/unused.ts'
import { endpointHeld, endpointPeers, endpointVirtualIP } from '../../../src/tasks/endpoint/virtual-ip.ts'
import { hostFirewall } from '../../../src/tasks/host/firewall.ts'
import { hostPackages } from '../../../src/tasks/host/packages.ts'
import { nodeLeaveCheck } from '../../../src/tasks/node/leave.ts'
import { resetPods } from '../../../src/tasks/reset/pods.ts'
import { clusterOf, contextOf, factsOf, hostOf, nodeOf, observedOf, workerOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const path = '/etc/keepalived/kubewright.conf'
const check = '/usr/libexec/keepalived/kubewright-check-api-server'
const unit = 'kubewright-keepalived.service'
const controlPlaneEndpoint = { address: '10.89.5.100', port: 7443, provider: 'virtual-ip', explicit: true } as const
const worker = workerOf('w1', '10.89.5.21')
const hosts = [hostOf(), hostOf({ name: 'cp2' }), hostOf({ name: 'cp3' }), worker]
const cluster = clusterOf({ controlPlaneEndpoint, hosts })
const fleet = new Map(['cp1', 'cp2', 'cp3'].map((name, index) => [name, factsOf({ nodeIP: `10.89.5.1${index + 1}` })]))
const installed = { [path]: { sha256: '', stat: '', name: 'file' } }

function context(place = 0, state: object = {}) {
  const host = hosts[place]!
  return contextOf({ cluster, host, fleet, facts: factsOf({ nodeIP: `10.89.5.1${place + 1}`, state }) })
}

/** What firewall, the task of those who hold the address and that of those who come to hold it manage. */
function idsOf(one: ReturnType<typeof contextOf>): readonly (readonly string[])[] {
  return [hostFirewall, endpointHeld, endpointVirtualIP].map((task) => task.resources(one).map(({ id }) => id))
}

let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
  host.write('/etc/kubernetes/admin.conf', '')
  host.write('/usr/bin/kubectl', '#!/bin/sh\n[ "$4" = https://10.89.5.100:7443 ] && echo ok\n', 0o755)
})

test('the first control plane is preferred, and all tell each other by their own addresses', async () => {
  await applyTasks(host, endpointVirtualIP, context())
  const first = host.read(path) ?? ''
  expect(first).toContain('unicast_src_ip 10.89.5.11\n')
  expect(first).toContain('  unicast_peer {\n    10.89.5.12\n    10.89.5.13\n  }\n')
  expect(first).toContain('10.89.5.100/32 dev eth0\n')
  expect(first).toContain('priority 150\n')
  await applyTasks(host, endpointVirtualIP, context(1))
  expect(host.read(path)).toContain('priority 140\n')
  const router = /virtual_router_id \d+/
  expect(router.exec(host.read(path) ?? '')?.[0]).toBe(router.exec(first)?.[0])
})

test('whoever holds the address has asked its own API server', async () => {
  await applyTasks(host, endpointVirtualIP, context())
  expect(host.read(check)).toContain('https://10.89.5.11:7443/readyz')
  expect(host.read(path)).toContain(`script "${check}"\n`)
  expect(host.read(`/fake/units/${unit}/active`)).toBe('active\n')
  expect(listed(await planTasks(host, endpointHeld, context(0, { installed })))).toEqual([])
})

test('it is done when the API answers by the address; if it does not, that is said with what keepalived says', async () => {
  await applyTasks(host, endpointVirtualIP, context())
  host.write('/usr/bin/kubectl', '#!/bin/sh\necho "Unable to connect: no route to host"\n', 0o755)
  const { changes } = await planTasks(host, endpointVirtualIP, context())
  expect(changes.map(({ change }) => change.summary)).toEqual([
    'the API by 10.89.5.100: Unable to connect: no route to host',
  ])
  const gate = endpointVirtualIP.resources(context()).find(({ id }) => id === 'gate:virtual-ip')?.gate
  expect(gate?.explain?.text).toContain(`journalctl -u ${unit} `)
})

test('another control plane is told to all, and nobody who holds the address lets it go for that', async () => {
  await applyTasks(host, endpointVirtualIP, context())
  const more = { ...context(0, { installed }), fleet: new Map([...fleet, ['cp4', factsOf({ nodeIP: '10.89.5.14' })]]) }
  const grown = { ...more, cluster: { ...cluster, hosts: [...hosts, hostOf({ name: 'cp4' })] } }
  expect(listed(await planTasks(host, endpointHeld, grown))).toEqual([`update file:${path}`, `run service:${unit}`])
})

test('whoever holds it is told early in a run, and asked later whether the API answers; nothing is managed twice', () => {
  const [firewall = [], held = [], begun = []] = idsOf(context(0, { installed }))
  expect(held).toContain(`service:${unit}`)
  expect(begun).toEqual(['gate:virtual-ip'])
  expect(new Set([...firewall, ...held, ...begun]).size).toBe(firewall.length + held.length + begun.length)
  const stopped = { ...context(0, { installed }), nodes: { joining: ['cp1'], leaving: undefined } }
  expect(idsOf(stopped).slice(1)).toEqual([[], idsOf(context())[2]])
})

test('what was reloaded goes on as it was started, and after a restart of the host nothing is reloaded that was read then', async () => {
  await applyTasks(host, endpointVirtualIP, context())
  const invocation = host.read(`/fake/units/${unit}/invocation`)
  host.write(path, 'vrrp_instance api {}\n')
  await applyTasks(host, endpointVirtualIP, context())
  expect(host.read(`/fake/units/${unit}/invocation`)).toBe(invocation)
  expect(listed(await planTasks(host, endpointVirtualIP, context()))).toEqual([])
  host.write(`/fake/units/${unit}/invocation`, 'of-the-next-boot\n')
  host.write(`/fake/units/${unit}/started`, `${Math.ceil(Date.now() / 1000) + 1}\n`)
  expect(listed(await planTasks(host, endpointVirtualIP, context()))).toEqual([])
  host.write(`/fake/units/${unit}/started`, '1\n')
  expect(listed(await planTasks(host, endpointVirtualIP, context()))).toEqual([`restart service:${unit}`])
})

test('one that does not answer is still told, by the address that the API knows', async () => {
  await applyTasks(host, endpointVirtualIP, context())
  const observed = observedOf({ nodes: [{ ...nodeOf('cp3'), internalIPs: ['10.89.5.13'] }] })
  const silent = new Map([...fleet].filter(([name]) => name !== 'cp3'))
  expect(listed(await planTasks(host, endpointVirtualIP, { ...context(), fleet: silent, observed }))).toEqual([])
})

test('those that stay expect a new one behind their firewalls, too; by another endpoint there is nobody to expect', async () => {
  host.install('ufw')
  host.write('/etc/ufw/ufw.conf', 'ENABLED=yes\n')
  await applyTasks(host, [hostFirewall, endpointVirtualIP], context())
  const more = { ...context(0, { installed }), fleet: new Map([...fleet, ['cp4', factsOf({ nodeIP: '10.89.5.14' })]]) }
  const grown = { ...more, cluster: { ...cluster, hosts: [...hosts, hostOf({ name: 'cp4' })] } }
  expect(listed(await planTasks(host, endpointPeers, grown))).toEqual([
    'update firewall:ufw',
    `update file:${path}`,
    `run service:${unit}`,
  ])
  expect(endpointPeers.resources({ ...grown, cluster: clusterOf({ hosts }) })).toEqual([])
  // It begins with all of them.
  expect(endpointPeers.resources(context())).toEqual([])
})

/** What ufw was told of single addresses, and what it is told of the address of a control plane. */
const rules = () => (host.read('/fake/ufw') ?? '').split('\n').filter((one) => /from [^/ ]+( |$)/.test(one))
const rule = (place: number) => `ufw allow from 10.89.5.1${place} comment 'kubewright'`

describe('ufw, which lets the others in as a whole,', () => {
  const theirs = 'ufw allow from 10.89.5.99\n'

  beforeEach(async () => {
    host.install('ufw')
    host.write('/etc/ufw/ufw.conf', 'ENABLED=yes\n')
    host.write('/fake/ufw', theirs)
    await applyTasks(host, [hostFirewall, endpointVirtualIP], context())
    expect(rules()).toEqual([theirs.trim(), rule(2), rule(3)])
  })

  test('lets one that has left no longer in, and touches no rule of others', async () => {
    const left = {
      ...context(0, { installed }),
      cluster: { ...cluster, hosts: hosts.filter(({ name }) => name !== 'cp3') },
    }
    expect(listed(await planTasks(host, endpointPeers, left))).toEqual([
      `update file:${path}`,
      `run service:${unit}`,
      'delete firewall:ufw-peers',
    ])
    await applyTasks(host, endpointPeers, left)
    expect(rules()).toEqual([theirs.trim(), rule(2)])
  })

  test('keeps all in while nobody knows the address of one of them', async () => {
    const silent = new Map([...fleet].filter(([name]) => name !== 'cp3'))
    await applyTasks(host, endpointHeld, { ...context(0, { installed }), fleet: silent })
    expect(rules()).toEqual([theirs.trim(), rule(2), rule(3)])
  })

  test('lets nobody in any more when the endpoint is another one', async () => {
    const after = { ...context(0, { installed }), cluster: clusterOf({ hosts }) }
    const [, second, ...files] = listed(await planTasks(host, endpointUnused, after))
    // A run that is stopped finds by the files what there is left to do.
    expect([second, files.length]).toEqual(['delete firewall:ufw-peers', 3])
    await applyTasks(host, endpointUnused, after)
    expect(rules()).toEqual([theirs.trim()])
  })
})

test('whoever is reset gives the address away before its API server ends', () => {
  expect(resetPods.resources(context(0, { installed }))[0]?.id).toBe(`stopped:${unit}`)
  expect(resetPods.resources(context()).map(({ id }) => id)).not.toContain(`stopped:${unit}`)
})

test('nobody has to take a control plane out of it by hand', async () => {
  const leaving = {
    name: 'cp2',
    controlPlane: true,
    runsEtcd: true,
    reached: true,
    nodeIPs: ['10.89.5.12'],
    successorIP: undefined,
    joinsEtcd: false,
    hasMember: true,
    hasNode: true,
    drain: { force: false, deleteEmptyDirData: false, timeout: 0, uncordonOnFailure: false },
  }
  const checksWith = async (provider: 'external' | 'virtual-ip') => {
    const endpoint = { ...controlPlaneEndpoint, provider }
    const one = { ...context(), cluster: clusterOf({ controlPlaneEndpoint: endpoint, hosts }) }
    const { findings } = await planTasks(host, nodeLeaveCheck, { ...one, nodes: { joining: [], leaving } })
    return findings.map(({ finding }) => finding.check)
  }
  expect(await checksWith('external')).toContain('ControlPlaneEndpoint')
  expect(await checksWith('virtual-ip')).not.toContain('ControlPlaneEndpoint')
})

test('a keepalived of the user stays, and holds what it holds; so does the example that a package brings', async () => {
  host.write('/usr/lib/systemd/system/keepalived.service', '[Service]\n')
  host.write('/etc/keepalived/keepalived.conf', 'vrrp_instance mine {}\n')
  await applyTasks(host, endpointVirtualIP, context())
  expect(host.read('/etc/keepalived/keepalived.conf')).toBe('vrrp_instance mine {}\n')
  expect(host.read('/fake/units/keepalived.service/active')).toBeUndefined()
  expect(host.read(`/etc/systemd/system/${unit}`)).toContain(` --use-file=${path} `)
})

test('SELinux lets it run its check where the policy has programs of keepalived that are not confined', () => {
  const { facts, ...rest } = context()
  const ids = (selinux: 'absent' | 'enforcing') =>
    endpointVirtualIP.resources({ ...rest, facts: { ...facts, selinux } }).map(({ id }) => id)
  expect(ids('enforcing')).toContain(`selinux:labels:${check}`)
  expect(ids('absent')).not.toContain(`selinux:labels:${check}`)
})

test('it goes with all its files when the endpoint is another one; the user’s stays', async () => {
  await applyTasks(host, endpointVirtualIP, context())
  host.write('/etc/keepalived/keepalived.conf', 'vrrp_instance mine {}\n')
  const before = context(0, { installed })
  expect(listed(await planTasks(host, endpointUnused, before))).toEqual([])
  const after = { ...before, cluster: clusterOf({ hosts }) }
  await applyTasks(host, endpointUnused, after)
  const left = [path, check, `/etc/systemd/system/${unit}`].filter((one) => host.read(one) !== undefined)
  expect(left).toEqual([])
  expect(host.read(`/fake/units/${unit}/active`)).toBe('inactive\n')
  expect(host.read('/etc/keepalived/keepalived.conf')).toBe('vrrp_instance mine {}\n')
})

test('only control planes get its packages, and let the others in', async () => {
  const packagesOf = async (one: ReturnType<typeof context>) =>
    (await planTasks(host, hostPackages, one)).changes.map(({ change }) => change.summary).join()
  expect(await packagesOf(context())).toContain('keepalived')
  expect(await packagesOf({ ...context(), host: worker })).not.toContain('keepalived')
  host.install('ufw')
  host.write('/etc/ufw/ufw.conf', 'ENABLED=yes\n')
  const [change] = (await planTasks(host, hostFirewall, context())).changes
  expect(change?.change.summary).toContain('input/10.89.5.12, input/10.89.5.13')
})

test('a firewall that knows VRRP lets in nothing else of the others, so that one that has left has no more than anybody', () => {
  const resource = hostFirewall.resources(context()).find(({ id }) => id === 'firewall:iptables')
  const summary = resource?.compare(resource.probe.parse('-P INPUT DROP\n\n=\n'))?.summary
  expect(summary).toContain('protocol/112')
  expect(summary).not.toContain('input/10.89.5.12')
})

describe('the address', () => {
  test('has the port of the API servers, behind which there is nothing else', () => {
    expect(apiServerPort(cluster)).toBe(7443)
    expect(nodeEndpointUrl(cluster, '10.89.5.11')).toBe('https://10.89.5.100:7443')
    expect(clusterEndpointUrl(cluster, '10.89.5.11')).toBe('https://10.89.5.100:7443')
  })

  test('may be of IPv6', () => {
    const view: VirtualAddressView = {
      name: 'cp1',
      nodeIP: 'fd00::11',
      interface: 'eth0',
      place: 0,
      peers: ['fd00::12'],
    }
    const six = clusterOf({ controlPlaneEndpoint: { ...controlPlaneEndpoint, address: 'fd00::100' } })
    expect(keepalivedConfiguration(six, view)).toContain('fd00::100/128 dev eth0\n')
  })
})
