import { beforeEach, expect, test } from 'vitest'
import { swapMarker, withoutSwap } from '../../../src/resources/swap.ts'
import { hostSwap } from '../../../src/tasks/host/swap.ts'
import { contextOf, hostOf } from '../../support/facts.ts'
import { applyTasks, listed, planTasks, touched } from '../../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../../support/sandbox-host.ts'

const header = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'
const fstab = `# <file system> <mount point> <type> <options> <dump> <pass>
UUID=1 / ext4 errors=remount-ro 0 1
UUID=2\tnone\tswap\tsw\t0\t0
/swap.img none swap sw 0 0
UUID=3 /swap ext4 defaults 0 2
# /old none swap sw 0 0
`
let host: SandboxHost

beforeEach(() => {
  host = sandboxHost()
})

test('swap goes off now and stays off, and the rest of fstab is as it was', async () => {
  host.write('/etc/fstab', fstab, 0o600)
  host.write('/proc/swaps', `${header}/dev/sda2 partition 1 0 -2\n/swap.img file 1 0 -3\n`)
  const plan = await planTasks(host, hostSwap, contextOf())
  expect(listed(plan)).toEqual(['update edit:/etc/fstab', 'run swap:active'])
  expect(plan.changes[0]?.change.diff).toContain(`-/swap.img none swap sw 0 0`)
  const before = host.snapshot()
  await applyTasks(host, hostSwap, contextOf())
  expect(host.read('/etc/fstab')).toBe(
    fstab.replace('UUID=2', `${swapMarker}UUID=2`).replace('/swap.img', `${swapMarker}/swap.img`),
  )
  expect(host.read('/fake/swapoff.log')).toBe('/dev/sda2 /swap.img\n')
  expect(host.snapshot().get('/etc/fstab')).toMatch(/^600 /)
  expect(touched(before, host.snapshot())).toEqual(['/etc/fstab', '/proc/swaps'])
  expect(listed(await planTasks(host, hostSwap, contextOf()))).toEqual([])
})

test('an edited file of the host is not taken for one of ours', async () => {
  host.write('/etc/fstab', fstab)
  await applyTasks(host, hostSwap, contextOf())
  expect(host.read('/var/lib/kubewright/installed.ndjson') ?? '').not.toContain('/etc/fstab')
  expect(host.read('/var/lib/kubewright/backups/op-1/files/etc/fstab')).toBe(fstab)
})

test('swap that someone switched on again is found', async () => {
  await applyTasks(host, hostSwap, contextOf())
  host.write('/proc/swaps', `${header}/var/my\\040swap file 1 0 -2\n`)
  const plan = await planTasks(host, hostSwap, contextOf())
  expect(plan.changes[0]?.change.summary).toBe('switch off swap on /var/my swap')
})

test('units that would bring swap back are masked where a generator made them and disabled where someone enabled them', async () => {
  host.write('/run/systemd/generator/dev-zram0.swap', '[Swap]\n')
  host.write('/run/systemd/generator/swap.img.swap', '[Swap]\n')
  host.write('/fake/units/swap.img.swap/source', '/etc/fstab')
  host.write('/etc/systemd/system/data-swap.swap', '[Swap]\n')
  host.write('/fake/units/data-swap.swap/enabled', 'enabled')
  host.write('/usr/lib/systemd/system/zramswap.service', '[Service]\n')
  host.write('/fake/units/zramswap.service/enabled', 'enabled')
  const plan = await planTasks(host, hostSwap, contextOf())
  expect(plan.changes.map(({ change }) => change.summary)).toEqual([
    'keep data-swap.swap, dev-zram0.swap, zramswap.service from bringing swap back at boot',
  ])
  await applyTasks(host, hostSwap, contextOf())
  expect(host.read('/fake/systemctl.log')).toContain('mask dev-zram0.swap\n')
  expect(host.read('/fake/systemctl.log')).toContain('disable zramswap.service\n')
  expect(listed(await planTasks(host, hostSwap, contextOf()))).toEqual([])
})

test('a kubelet that may run with swap has it', async () => {
  host.write('/etc/fstab', fstab)
  const swapping = hostOf({ kubelet: { config: { failSwapOn: false }, extraArgs: [], patches: [] } })
  expect(listed(await planTasks(host, hostSwap, contextOf({ host: swapping })))).toEqual([])
})

test('the swap of the machine is not a container host’s to switch off', async () => {
  host.write('/fake/container', '')
  host.write('/proc/swaps', `${header}/dev/vda2 partition 1 0 -2\n`)
  const { changes, findings } = await planTasks(host, hostSwap, contextOf())
  expect(changes).toEqual([])
  expect(findings.map(({ finding }) => `${finding.severity} ${finding.check}`)).toEqual(['error Swap'])
})

test('a file that is not UTF-8 is left as it is, and said so', async () => {
  host.write('/etc/fstab', '# \uFFFD\n/swap.img none swap sw 0 0\n')
  const { changes, findings } = await planTasks(host, hostSwap, contextOf())
  expect(changes).toEqual([])
  expect(findings[0]?.finding.message).toBe('/etc/fstab is not UTF-8, so it is not edited')
})

test('commenting swap out twice is the same as once', () => {
  expect(withoutSwap(withoutSwap(fstab))).toBe(withoutSwap(fstab))
  expect(withoutSwap('')).toBe('')
  expect(withoutSwap('/swap.img none swap')).toBe(`${swapMarker}/swap.img none swap`)
})
