import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/engine/errors.ts'
import { labDown, labUp, type Lab } from '../lab/index.ts'
import { podsHaveGone } from './pods.ts'
import { checkNetwork, eventually, hostOf, inHost, kubectl, kubewright, onLab, type Outcome } from './support.ts'

describe('check network, on one control plane and two workers with Flannel', () => {
  const name = 'e2echeck'
  let lab: Lab

  beforeAll(async () => {
    lab = await labUp({ name, controlPlanes: 1, workers: 2, kubernetes: '1.37.1', fresh: true })
    const outcome = await onLab(lab, 'apply', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
    // A check removes what it made before it ends, and what apply's proof made must not be taken for that.
    await podsHaveGone(lab)
  })

  afterAll(() => labDown(name))

  const expectNothingLeft = async (): Promise<void> => {
    expect(await kubectl(lab, 'get namespaces -o name')).not.toContain('kubewright-check')
    expect(await kubectl(lab, 'get pods -A -o name')).not.toMatch(/\/n\d+/)
  }

  /** Breaks something on a host, checks, and mends it again; what failed as `kind from to`, and the causes. */
  const broken = async (breaking: () => Promise<unknown>, mending: () => Promise<unknown>) => {
    await breaking()
    try {
      const { code, stdout, failed, causes } = await checkNetwork(lab)
      expect(code, stdout).toBe(exitCodes.unhealthy)
      return { failed, causes }
    } finally {
      await mending()
      await expectNothingLeft()
    }
  }

  /** A rule of netfilter on w1. */
  const ruled = (rule: string) =>
    broken(
      () => inHost(hostOf(lab, 'w1'), `iptables ${rule.replace('?', '-I')}`),
      () => inHost(hostOf(lab, 'w1'), `iptables ${rule.replace('?', '-D')}`),
    )

  test('all is well, and nothing is left', async () => {
    const { code, stdout, elapsed } = await kubewright(['check', 'network', '--inventory', lab.inventoryPath])
    expect(code, stdout).toBe(exitCodes.success)
    expect(stdout).not.toContain('FAILED')
    expect(stdout).toContain('All 39 checks on 3 nodes are ok.')
    process.stdout.write(`check network on three nodes: ${(elapsed / 1000).toFixed(1)} s\n`)
    await expectNothingLeft()
  })

  test('a closed VXLAN port of one host is found on that host', async () => {
    const { failed, causes } = await ruled('? INPUT -p udp --dport 8472 -j DROP')
    expect(failed).toEqual(expect.arrayContaining(['pod cp1 w1', 'pod w1 cp1', 'pod w1 w2', 'pod w2 w1']))
    expect(failed).not.toContain('pod cp1 w2')
    expect(causes.map(({ message }) => message)).toEqual(['UDP 8472 (VXLAN of Flannel) is probably closed on w1'])
  })

  test('a device with a smaller MTU than pods believe is found', async () => {
    const w1 = hostOf(lab, 'w1')
    const { failed, causes } = await broken(
      () => inHost(w1, 'ip link set eth0 mtu 1400'),
      () => inHost(w1, 'ip link set eth0 mtu 1500'),
    )
    expect(failed).toEqual(['mtu cp1 w1', 'mtu w1 cp1', 'mtu w1 w2', 'mtu w2 w1'])
    expect(causes).toHaveLength(1)
    expect(causes[0]?.message).toContain('The MTU of pods is too large for the network of w1')
    expect(causes[0]?.hint).toContain('spec.cni.mtu to 1350 or less')
  })

  test('large packets that are lost on their way are found', async () => {
    const { failed, causes } = await ruled('? INPUT -p udp --dport 8472 -m length --length 1400:65535 -j DROP')
    expect(failed).toEqual(['mtu cp1 w1', 'mtu w2 w1'])
    expect(causes[0]?.message).toContain('packets of 1450 bytes do not arrive, of 1300 they do')
  })

  test('services that one host drops are found, and that pods are reached all the same', async () => {
    const { failed, causes } = await ruled('-t mangle ? PREROUTING -d 10.96.0.0/12 -j DROP')
    expect(failed).toEqual(['api w1 -', 'dns w1 -', 'hairpin w1 w1', 'service w1 cp1', 'service w1 w2'])
    expect(causes).toHaveLength(1)
    expect(causes[0]?.message).toContain('Services are not reached from w1, though pods are: kube-proxy')
  })

  test('the one address of the API that a host drops is found', async () => {
    const { failed, causes } = await ruled('-t mangle ? PREROUTING -d 10.96.0.1 -j DROP')
    expect(failed).toEqual(['api w1 -'])
    expect(causes[0]?.message).toBe('Pods on w1 do not reach the API at 10.96.0.1')
  })

  test('CoreDNS without pods is found', async () => {
    const { failed, causes } = await broken(
      async () => {
        await kubectl(lab, '-n kube-system scale deployment coredns --replicas 0')
        // A pod that ends answers for some more seconds, until what asks it has heard of its end.
        await kubectl(lab, '-n kube-system wait --for=delete pod -l k8s-app=kube-dns --timeout 180s')
      },
      async () => {
        await kubectl(lab, '-n kube-system scale deployment coredns --replicas 2')
        await kubectl(lab, '-n kube-system rollout status deployment coredns --timeout 120s')
      },
    )
    expect(failed).toEqual(['dns cp1 -', 'dns w1 -', 'dns w2 -'])
    expect(causes.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^CoreDNS has no pod(?:s| that is ready)$/),
    ])
  })

  /** Ends the check by a signal as soon as it has made something in the cluster. */
  const endedBy = async (signal: NodeJS.Signals): Promise<Outcome> => {
    let made: Promise<string> | undefined
    const outcome = await kubewright(['check', 'network', '--inventory', lab.inventoryPath], {
      started: (child) => {
        made = eventually(120, async () => {
          const namespaces = await kubectl(lab, 'get namespaces -o name')
          expect(namespaces).toContain('kubewright-check')
          child.kill(signal)
          return namespaces
        })
      },
    })
    await made
    return outcome
  }

  test('Ctrl-C ends it at once, and the host removes what was made', async () => {
    expect((await endedBy('SIGINT')).code).toBe(exitCodes.interrupted)
    await eventually(120, expectNothingLeft)
  })

  test('a command that is killed leaves nothing either', async () => {
    await endedBy('SIGKILL')
    await eventually(180, expectNothingLeft)
  })

  test('the proof at the end of apply finds the same, and names the check', async () => {
    const w1 = hostOf(lab, 'w1')
    await inHost(hostOf(lab, 'cp1'), 'rm -f /var/lib/kubewright/proof')
    await inHost(w1, 'iptables -I INPUT -p udp --dport 8472 -j DROP')
    try {
      const { code, stderr, stdout } = await onLab(lab, 'apply', '--yes')
      expect(code).toBe(exitCodes.apply)
      expect(stderr + stdout).toContain('w1 does not reach the pod of w2')
      expect(stderr + stdout).toContain('kubewright check network')
    } finally {
      await inHost(w1, 'iptables -D INPUT -p udp --dport 8472 -j DROP')
    }
    expect((await onLab(lab, 'apply', '--yes')).code).toBe(exitCodes.success)
    await eventually(120, expectNothingLeft)
  })
})
