import { describe, expect, test } from 'vitest'
import { hostFirewall } from '../../../src/tasks/host/firewall.ts'
import { calicoOptions, clusterOf, contextOf, hostOf, workerOf } from '../../support/facts.ts'
import { applyTasks, planTasks, touched } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const looking = contextOf({ host: hostOf({ firewall: 'leave' }) })

const ipip = contextOf({ cluster: clusterOf({ cni: { ...calicoOptions, encapsulation: 'ipip' } }) })

async function summaries(host: SandboxHost, context = contextOf()): Promise<readonly string[]> {
  return (await planTasks(host, hostFirewall, context)).changes.map(({ change }) => change.summary)
}

function hostWithFirewalld(): SandboxHost {
  const host = sandboxHost()
  host.install('firewall-cmd')
  host.write('/fake/units/firewalld.service/active', 'active')
  host.write('/fake/firewalld/runtime/public.ports', '9090/tcp 30000-40000/tcp\n')
  return host
}

test('a host without a firewall gets none', async () => {
  const host = sandboxHost()
  const before = host.snapshot()
  expect(await summaries(host)).toEqual([])
  expect(touched(before, host.snapshot())).toEqual([])
})

describe('firewalld', () => {
  test('opens our ports and trusts our subnets, now and for good; what a range covers is open', async () => {
    const host = hostWithFirewalld()
    expect(await summaries(host)).toEqual([
      'open firewalld for tcp/6443, tcp/2379-2380, tcp/10250, tcp/10256, udp/30000-32767, udp/8472, input/10.244.0.0/16, input/10.96.0.0/12, tcp/30000-32767',
    ])
    await applyTasks(host, hostFirewall, contextOf())
    expect(host.read('/fake/firewalld/permanent/public.ports')).toBe(
      ' 6443/tcp 2379-2380/tcp 10250/tcp 10256/tcp 30000-32767/tcp 30000-32767/udp 8472/udp\n',
    )
    expect(host.read('/fake/firewalld/runtime/public.ports')).toMatch(/^9090\/tcp 30000-40000\/tcp 6443\/tcp/)
    expect(host.read('/fake/firewalld/runtime/trusted.sources')).toBe(' 10.244.0.0/16 10.96.0.0/12\n')
    expect(host.read('/fake/firewalld.log')).not.toMatch(/reload|remove/)
    expect(await summaries(host)).toEqual([])
  })

  test('what is open until a reload only is opened for good, too', async () => {
    const host = hostWithFirewalld()
    await applyTasks(host, hostFirewall, contextOf())
    host.write('/fake/firewalld/permanent/trusted.sources', '10.244.0.0/16\n')
    expect(await summaries(host)).toEqual(['open firewalld for input/10.96.0.0/12'])
  })

  test("lets in Calico's IP in IP, which has no ports", async () => {
    const host = hostWithFirewalld()
    await applyTasks(host, hostFirewall, ipip)
    expect(host.read('/fake/firewalld/permanent/public.protocols')).toBe(' 4\n')
    expect(host.read('/fake/firewalld/runtime/public.protocols')).toBe(' 4\n')
    expect(await summaries(host, ipip)).toEqual([])
  })

  test('is only looked at when the inventory says so', async () => {
    const { changes, findings } = await planTasks(hostWithFirewalld(), hostFirewall, looking)
    expect(changes).toEqual([])
    expect(findings[0]?.finding.message).toMatch(/^firewalld has no rule for tcp\/6443, .* leaves it alone$/)
  })
})

describe('ufw', () => {
  test('gets rules of its own language, which it keeps itself', async () => {
    const host = sandboxHost()
    host.install('ufw')
    host.write('/etc/ufw/ufw.conf', 'ENABLED=yes\nLOGLEVEL=low\n')
    host.write('/fake/ufw', "ufw allow 22/tcp\nufw allow 10250/tcp comment 'mine'\n")
    await applyTasks(host, hostFirewall, contextOf({ host: workerOf('cp1', '10.89.5.11') }))
    expect(host.read('/fake/ufw')?.split('\n')).toEqual([
      'ufw allow 22/tcp',
      "ufw allow 10250/tcp comment 'mine'",
      "ufw allow 10256/tcp comment 'kubewright'",
      "ufw allow 30000:32767/tcp comment 'kubewright'",
      "ufw allow 30000:32767/udp comment 'kubewright'",
      "ufw allow 8472/udp comment 'kubewright'",
      "ufw allow from 10.244.0.0/16 comment 'kubewright'",
      "ufw allow from 10.96.0.0/12 comment 'kubewright'",
      "ufw route allow from 10.244.0.0/16 comment 'kubewright'",
      "ufw route allow to 10.244.0.0/16 comment 'kubewright'",
      '',
    ])
    expect(await summaries(host, contextOf({ host: workerOf('cp1', '10.89.5.11') }))).toEqual([])
  })

  test('needs no rule for IP in IP, for which Calico has its own in the same table', async () => {
    const host = sandboxHost()
    host.install('ufw')
    host.write('/etc/ufw/ufw.conf', 'ENABLED=yes\n')
    await applyTasks(host, hostFirewall, ipip)
    expect(host.read('/fake/ufw')).toContain('ufw allow 179/tcp')
    expect(await summaries(host, ipip)).toEqual([])
  })

  test('that is installed but not enabled stays so', async () => {
    const host = sandboxHost()
    host.install('ufw')
    host.write('/etc/ufw/ufw.conf', 'ENABLED=no\n')
    expect(await summaries(host)).toEqual([])
  })
})
