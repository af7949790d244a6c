import { existsSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { hostFirewall } from '../../../src/tasks/host/firewall.ts'
import { resetNetwork } from '../../../src/tasks/reset/network.ts'
import { deletionText, withoutRules, withoutSets } from '../../../src/resources/reset-netfilter.ts'
import { deletedLinks } from '../../../src/resources/reset-links.ts'
import { closedFirewall } from '../../../src/resources/reset-firewall.ts'
import { sh } from '../../../src/transport/command.ts'
import { contextOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

vi.setConfig({ testTimeout: 90_000 })

const found = `program iptables-nft
*mangle
*nat
:KUBE-SERVICES - [0:0]
:FLANNEL-POSTRTG - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
*filter
-A FORWARD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
table ip filter
table ip kube-proxy
table inet fw4
table ip6 flannel-ipv6
`

test('rules that lead to our chains go first, then the chains, each by its name', () => {
  const state = withoutRules().probe.parse(found)
  expect(state.tables).toEqual(['ip kube-proxy', 'ip6 flannel-ipv6'])
  expect(state.programs.map(deletionText)).toEqual([
    `*nat
-D PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-D POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
-F KUBE-SERVICES
-F FLANNEL-POSTRTG
-X KUBE-SERVICES
-X FLANNEL-POSTRTG
COMMIT
*filter
-D FORWARD -s 10.244.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT
COMMIT
`,
  ])
  expect(withoutRules().compare(state)?.summary).toBe(
    'delete netfilter rules: 2 chains and 3 rules that lead to them of iptables-nft, table ip kube-proxy of nftables, table ip6 flannel-ipv6 of nftables',
  )
})

test('rules of others are nothing to delete', () => {
  const one = withoutRules()
  expect(
    one.compare(one.probe.parse('program iptables-nft\n*nat\n*filter\ntable ip filter\ntable inet fw4\n')),
  ).toBeUndefined()
})

test('sets of addresses are emptied before they are deleted, since one may be a member of another', () => {
  const one = withoutSets()
  const change = one.compare(one.probe.parse('cali40all-ipam-pools\ncali40this-host\nblocklist\n'))
  expect(change?.summary).toBe('delete 2 sets of addresses: cali40all-ipam-pools, cali40this-host')
  const [action] = change?.actions ?? []
  expect(action?.kind === 'run' ? action.input : '').toBe(
    'flush cali40all-ipam-pools\nflush cali40this-host\ndestroy cali40all-ipam-pools\ndestroy cali40this-host\n',
  )
  expect(one.compare(one.probe.parse('blocklist\n'))).toBeUndefined()
})

test('interfaces of a pod network are deleted, others stay', () => {
  const one = deletedLinks(['10.244.0.0/16', 'fd00:10::/56'])
  const names = [
    'lo',
    'eth0',
    'docker0',
    'cni-podman0',
    'cni0',
    'flannel.1',
    'flannel-v6.1',
    'kube-ipvs0',
    'cali0123456789a',
  ]
  const output = `${names.map((name) => `link ${name}\n`).join('')}route fd00:10::/56\ntunnel\n`
  const change = one.compare(one.probe.parse(output))
  expect(change?.summary).toBe(
    'delete cni0, flannel.1, flannel-v6.1, kube-ipvs0, cali0123456789a, routes into fd00:10::/56, the addresses of tunl0',
  )
  const [action] = change?.actions ?? []
  expect(action?.kind === 'run' ? action.command.text : '').toContain('ip -6 route flush root fd00:10::/56')
  expect(one.compare(one.probe.parse('link lo\nlink tunl0\n'))).toBeUndefined()
})

test('rules that ufw was given are taken back as they were typed', () => {
  const one = closedFirewall()
  const change = one.compare(
    one.probe.parse(
      "ufw allow 6443/tcp comment 'kubewright'\nufw route allow from 10.244.0.0/16 comment 'kubewright'\n",
    ),
  )
  const [action] = change?.actions ?? []
  expect(action?.kind === 'run' ? action.command.text : '').toBe(
    'ufw delete allow 6443/tcp >/dev/null\nufw route delete allow from 10.244.0.0/16 >/dev/null',
  )
})

/** These tests use the real programs, in a network namespace of their own. */
const hasTools = ['nft', 'iptables-nft', 'ip'].every((program) => existsSync(`/usr/sbin/${program}`))

function hostWithTools(): SandboxHost {
  const host = sandboxHost({ network: true })
  for (const program of ['iptables', 'iptables-nft', 'iptables-nft-save', 'iptables-nft-restore', 'nft', 'ip'])
    host.provide(program)
  return host
}

test.runIf(hasTools)('the rules of Kubernetes go, and those of others stay in their order', async () => {
  const host = hostWithTools()
  const others = sh`iptables-nft -A INPUT -p tcp --dport 22 -j ACCEPT
iptables-nft -t nat -N DOCKER
iptables-nft -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
nft add table inet fw4`
  await host.run(others)
  const before = await host.run(sh`iptables-nft-save | grep '^-'; nft list tables`)
  await host.run(sh`iptables-nft -t nat -N KUBE-SERVICES
iptables-nft -t nat -N KUBE-SVC-1
iptables-nft -t nat -A KUBE-SERVICES -d 10.96.0.1/32 -m comment --comment "default/kubernetes:https cluster IP" -j KUBE-SVC-1
iptables-nft -t nat -I PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
iptables-nft -t nat -N FLANNEL-POSTRTG
iptables-nft -t nat -A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG
iptables-nft -A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j ACCEPT
nft add table ip kube-proxy
nft add chain ip kube-proxy services`)
  await applyTasks(host, resetNetwork, contextOf())
  expect(await host.run(sh`iptables-nft-save | grep '^-'; nft list tables`)).toBe(before)
  expect(listed(await planTasks(host, resetNetwork, contextOf()))).toEqual([])
})

test.runIf(hasTools)('a firewall that was opened for the cluster is as it was, now and at boot', async () => {
  const host = hostWithTools()
  const configuration = `flush ruleset
table inet filter {
  chain input {
    type filter hook input priority 0; policy drop;
    tcp dport 22 accept
  }
}
`
  host.write('/etc/nftables.conf', configuration, 0o755)
  host.write('/usr/lib/systemd/system/nftables.service', '')
  host.write('/fake/units/nftables.service/enabled', 'enabled')
  await host.run(sh`nft -f /etc/nftables.conf`)
  const before = await host.run(sh`nft list ruleset`)
  await applyTasks(host, hostFirewall, contextOf())
  expect(await host.run(sh`nft list ruleset`)).not.toBe(before)
  await applyTasks(host, resetNetwork, contextOf())
  expect(await host.run(sh`nft list ruleset`)).toBe(before)
  expect(host.read('/etc/nftables.conf')).toBe(configuration)
  expect(host.read('/etc/nftables.d/kubewright.nft')).toBeUndefined()
})
