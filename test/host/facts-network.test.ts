import { describe, expect, test } from 'vitest'
import { hostOf } from '../support/facts.ts'
import { files, parsed } from './facts-output.ts'

const links = [
  { ifname: 'eth0', mtu: 1500, address: '02:00:00:00:00:01', addr_info: [{ local: '10.0.2.15', prefixlen: 24 }, {}] },
  {
    ifname: 'eth1',
    mtu: 1400,
    address: '02:00:00:00:00:02',
    addr_info: [
      { local: '192.168.56.11', prefixlen: 24 },
      { local: 'fd00:56::abcd', prefixlen: 64, temporary: true },
      { local: 'fd00:56::11', prefixlen: 64 },
    ],
  },
]
const routes = [
  { dst: 'default', gateway: '10.0.2.2', dev: 'eth0' },
  { dst: '192.168.56.0/24', dev: 'eth1', prefsrc: '192.168.56.11' },
  { type: 'blackhole', dst: '10.244.3.0/26' },
]
const twoNetworks = { addresses: JSON.stringify(links), routes4: JSON.stringify(routes) }
const ssh = hostOf().ssh

describe('the address of the node', () => {
  test('is the one that the inventory names, with the interface and MTU that belong to it', () => {
    expect(parsed(twoNetworks, { nodeIP: '192.168.56.11' })).toMatchObject({
      nodeIP: '192.168.56.11',
      interface: 'eth1',
      mtu: 1400,
    })
  })

  test('is the SSH address if that is one of the host', () => {
    const facts = parsed(twoNetworks, { ssh: { ...ssh, address: '192.168.56.11' } })
    expect(facts).toMatchObject({ nodeIP: '192.168.56.11', interface: 'eth1' })
  })

  test('is that of the interface which the inventory names, if SSH goes elsewhere', () => {
    const facts = parsed(twoNetworks, { ssh: { ...ssh, address: '127.0.0.1' }, interface: 'eth1' })
    expect(facts).toMatchObject({ nodeIP: '192.168.56.11', interface: 'eth1' })
  })

  test('is that of the default route if nothing else is known', () => {
    const facts = parsed(twoNetworks, { ssh: { ...ssh, address: 'cp1.example.com' } })
    expect(facts).toMatchObject({ nodeIP: '10.0.2.15', interface: 'eth0' })
  })

  test('is of the family of the pods, and never a privacy address', () => {
    const routes6 = JSON.stringify([{ dst: 'default', gateway: 'fe80::1', dev: 'eth1' }])
    const facts = parsed({ ...twoNetworks, routes6, family: 'ipv6' }, { ssh: { ...ssh, address: 'cp1' } })
    expect(facts.nodeIP).toBe('fd00:56::11')
  })

  test('is not a virtual address that may move to another host', () => {
    const [eth0] = links
    const addresses = [
      {
        ...eth0,
        addr_info: [
          { local: '10.0.2.100', prefixlen: 32 },
          { local: '10.0.2.15', prefixlen: 24 },
        ],
      },
    ]
    const facts = parsed({ ...twoNetworks, addresses: JSON.stringify(addresses) }, { ssh: { ...ssh, address: 'cp1' } })
    expect(facts.nodeIP).toBe('10.0.2.15')
  })

  test('is not the virtual address that has come to the interface which the inventory names', () => {
    const [, eth1] = links
    const moved = { local: 'fd00:56::100', prefixlen: 128, deprecated: true }
    for (const virtual of [moved, { ...moved, deprecated: false }]) {
      const addr_info = [virtual, { local: 'fd00:56::11', prefixlen: 64 }]
      const addresses = JSON.stringify([{ ...eth1, addr_info }])
      const named = { ssh: { ...ssh, address: 'cp1' }, interface: 'eth1' }
      expect(parsed({ ...twoNetworks, addresses, family: 'ipv6' }, named).nodeIP).toBe('fd00:56::11')
    }
  })
})

describe('the network', () => {
  test('routes without an interface lead nowhere', () => {
    expect(parsed(twoNetworks).routes).toEqual([
      { destination: 'default', interface: 'eth0' },
      { destination: '192.168.56.0/24', interface: 'eth1' },
    ])
  })

  test('ports are listed with address and process', () => {
    const listening = [
      'LISTEN 0 4096 *:6443 *:* users:(("kube-apiserver",pid=1,fd=3))',
      'LISTEN 0 4096 127.0.0.53%lo:53 0.0.0.0:*',
      'LISTEN 0 128 [::1]:2380 [::]:* users:(("etcd",pid=7,fd=8))',
    ]
    expect(parsed({ listening: listening.join('\n') }).survey.listening).toEqual([
      { address: '::', port: 6443, process: 'kube-apiserver' },
      { address: '127.0.0.53', port: 53, process: undefined },
      { address: '::1', port: 2380, process: 'etcd' },
    ])
  })

  test('UDP ports, too, of the kernel as of processes', () => {
    const datagrams = [
      'UNCONN 0 0 0.0.0.0:51820 0.0.0.0:*',
      'UNCONN 0 0 [::1]:323 [::]:* users:(("chronyd",pid=3,fd=6))',
    ]
    expect(parsed({ datagrams: datagrams.join('\n') }).survey.datagrams).toEqual([
      { address: '0.0.0.0', port: 51_820, process: undefined },
      { address: '::1', port: 323, process: 'chronyd' },
    ])
  })

  test('VXLAN interfaces have identifier and port', () => {
    const vxlans = JSON.stringify([
      { ifname: 'flannel.1', linkinfo: { info_kind: 'vxlan', info_data: { id: 1, port: 8472 } } },
      {},
    ])
    expect(parsed({ vxlans }).survey.vxlans).toEqual([{ interface: 'flannel.1', vni: 1, port: 8472 }])
  })

  test('the nameservers are those of systemd-resolved only where it runs', () => {
    const system = files({
      '/etc/resolv.conf': '# stub\nnameserver 127.0.0.53\noptions edns0',
      '/run/systemd/resolve/resolv.conf': 'nameserver 10.0.0.2\nnameserver 10.0.0.3',
    })
    const units =
      'Id=systemd-resolved.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\nFragmentPath=/x'
    const resolved = parsed({ system, units })
    expect(resolved.resolvConf).toBe('/run/systemd/resolve/resolv.conf')
    expect(resolved.survey.nameservers).toEqual(['10.0.0.2', '10.0.0.3'])
    const plain = parsed({ system, units: units.replace('=active', '=inactive') })
    expect(plain.resolvConf).toBe('/etc/resolv.conf')
    expect(plain.survey.nameservers).toEqual(['127.0.0.53'])
  })
})
