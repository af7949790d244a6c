import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Document } from 'yaml'
import { exitCodes } from '../../src/engine/errors.ts'
import { labDown, labUp, type Lab } from '../lab/index.ts'
import { podsHaveGone } from './pods.ts'
import { checkNetwork, elsewhere, eventually, hostOf, inHost, kubectl, onLab, planOf, type Outcome } from './support.ts'

describe('Calico', () => {
  const name = 'e2ecalico'
  let lab: Lab

  beforeAll(async () => {
    lab = await labUp({ name, controlPlanes: 1, workers: 2, kubernetes: '1.37.1', cni: 'calico', fresh: true })
    const outcome = await onLab(lab, 'apply', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
  })

  afterAll(() => labDown(name))

  /** Runs a verb with another network in the inventory. */
  async function withNetwork(
    cni: Readonly<Record<string, string | number>>,
    ...args: readonly string[]
  ): Promise<Outcome> {
    await using there = await elsewhere(lab, (inventory: Document) => inventory.setIn(['spec', 'cni'], cni))
    return await onLab(there, ...(args as [string, ...string[]]))
  }

  async function allPodsReady(): Promise<void> {
    await podsHaveGone(lab)
    const fields = `'{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}'`
    const pods = (await kubectl(lab, `get pods -A -o jsonpath=${fields}`)).trim().split('\n')
    expect(pods.filter((pod) => !pod.endsWith(' True'))).toEqual([])
  }

  test('has the pod subnet as its pool, and sends by VXLAN over the address of the nodes', async () => {
    await allPodsReady()
    const pool = await kubectl(
      lab,
      `get ippools -o jsonpath='{range .items[*]}{.spec.cidr} {.spec.blockSize} {.spec.vxlanMode} {.spec.ipipMode}{"\\n"}{end}'`,
    )
    expect(pool).toBe('10.244.0.0/16 26 Always Never\n')
    const own = hostOf(lab, 'cp1')
    const device = await inHost(own, 'ip -details link show vxlan.calico')
    expect(device).toContain(`vxlan id 4096 local ${own.nodeIP} dev eth0`)
    const underlay = Number(await inHost(own, 'cat /sys/class/net/eth0/mtu'))
    expect(device).toContain(`mtu ${underlay - 50} `)
  })

  test('a second run has nothing to do', async () => {
    expect(await planOf(lab)).toEqual([])
  })

  test('check network finds nothing wrong, and a policy that blocks and unblocks', async () => {
    const { code, failed, cells, causes } = await checkNetwork(lab)
    expect({ code, failed, causes }).toEqual({ code: exitCodes.success, failed: [], causes: [] })
    const policies = cells.filter(({ kind }) => kind === 'blocked' || kind === 'unblocked')
    expect(policies.map(({ kind, state }) => `${kind} ${state}`).toSorted()).toEqual(['blocked ok', 'unblocked ok'])
  })

  test('check network finds a closed VXLAN port of one host', async () => {
    const worker = hostOf(lab, 'w1')
    await inHost(worker, 'iptables -t raw -I PREROUTING -p udp --dport 4789 -j DROP')
    try {
      const { code, failed, causes } = await checkNetwork(lab)
      expect(code).toBe(exitCodes.unhealthy)
      expect(failed).toEqual(expect.arrayContaining(['pod cp1 w1', 'pod w1 cp1', 'pod w1 w2', 'pod w2 w1']))
      expect(failed).not.toContain('pod cp1 w2')
      expect(causes.map(({ message }) => message)).toEqual(['UDP 4789 (VXLAN of Calico) is probably closed on w1'])
    } finally {
      await inHost(worker, 'iptables -t raw -D PREROUTING -p udp --dport 4789 -j DROP')
    }
  })

  test('a NetworkPolicy keeps a pod of another node out, and lets it in again when it is gone', async () => {
    const image = (await inHost(hostOf(lab, 'cp1'), 'ctr -n k8s.io images ls -q')).match(/^\S+\/agnhost:\S+$/m)?.[0]
    const pod = (pods: string, node: string) =>
      kubectl(
        lab,
        `run ${pods} --image ${image} --overrides '{"spec":{"nodeName":"${node}"}}' --command -- /agnhost netexec --http-port 8080`,
      )
    await Promise.all([pod('server', 'w1'), pod('client', 'w2')])
    await kubectl(lab, 'wait --for=condition=Ready pod/server pod/client --timeout 180s')
    const address = await kubectl(lab, `get pod server -o jsonpath='{.status.podIP}'`)
    const connects = () => kubectl(lab, `exec client -- /agnhost connect ${address}:8080 --timeout 2s`)
    await eventually(60, connects)
    const policy = { podSelector: { matchLabels: { run: 'server' } }, policyTypes: ['Ingress'] }
    const object = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'closed' },
      spec: policy,
    }
    await kubectl(lab, `apply -f - <<'JSON'\n${JSON.stringify(object)}\nJSON`)
    await eventually(60, () => expect(connects()).rejects.toThrow('TIMEOUT'))
    await kubectl(lab, 'delete networkpolicy closed')
    await eventually(60, connects)
    await kubectl(lab, 'delete pod server client --now')
  })

  test('what it has for good, and the network itself, cannot be changed', async () => {
    const refused = await withNetwork({ name: 'calico', encapsulation: 'vxlan-cross-subnet' }, 'apply', '--yes')
    expect(refused.code).toBe(exitCodes.preflight)
    expect(refused.stderr).toContain('Set spec.cni.encapsulation back to vxlan.')
    const other = await withNetwork({ name: 'flannel' }, 'apply', '--yes')
    expect(other.code).toBe(exitCodes.preflight)
    expect(other.stderr).toContain('the living cluster has the network calico, the inventory says flannel')
  })

  test('a plugin that was deleted comes back', async () => {
    const worker = hostOf(lab, 'w1')
    await inHost(worker, 'rm /opt/cni/bin/calico')
    const outcome = await onLab(lab, 'apply', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
    await inHost(worker, 'test -x /opt/cni/bin/calico')
    expect(await planOf(lab)).toEqual([])
  })

  test('reset leaves no interface, route, rule, set or file of it, and the rules of others as they were', async () => {
    const worker = hostOf(lab, 'w1')
    const theirs = '-A INPUT -p tcp -m tcp --dport 2222 -m comment --comment owner -j ACCEPT'
    await inHost(worker, `iptables ${theirs}`)
    const outcome = await onLab(lab, 'reset', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
    for (const host of lab.hosts) {
      expect(await inHost(host, 'ls /sys/class/net')).not.toMatch(/cali/)
      expect(await inHost(host, 'ip route show table all')).not.toMatch(/cali|10\.244\./)
      expect(await inHost(host, 'iptables-save; ip6tables-save; ipset list -name')).not.toMatch(/cali|KUBE-/i)
      expect(await inHost(host, "cut -d ' ' -f 5 /proc/self/mountinfo | grep -c calico || true")).toBe('0\n')
      const places = '/etc /opt /run /var/lib /var/log /usr/local'
      expect(await inHost(host, `find ${places} -xdev -iname '*calico*'`)).toBe('')
    }
    expect(await inHost(worker, 'iptables-save')).toContain(theirs)
  })

  test('Flannel works on the same hosts, and Calico after it, with other options', async () => {
    for (const cni of [
      { name: 'flannel', backend: 'host-gw' },
      { name: 'calico', encapsulation: 'vxlan-cross-subnet', blockSize: 24 },
    ]) {
      const outcome = await withNetwork(cni, 'apply', '--yes')
      expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
      await allPodsReady()
      if (cni.name !== 'flannel') continue
      const reset = await withNetwork(cni, 'reset', '--yes')
      expect(reset.code, reset.stderr).toBe(exitCodes.success)
    }
    // Felix writes a route some time after the block of addresses that it leads to is given to a node.
    await eventually(60, async () => {
      const routes = await inHost(hostOf(lab, 'cp1'), 'ip route show proto 80')
      expect(routes, 'nodes of one network need no tunnel').toMatch(/10\.244\.\d+\.0\/24 via \S+ dev eth0/)
    })
  })
})
