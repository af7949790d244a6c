import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/engine/errors.ts'
import { labDown, labUp, powerOff, powerOn, type Lab, type LabHost } from '../lab/index.ts'
import { $ } from '../lab/shell.ts'
import { changesSince, hostState, type HostState } from './host-state.ts'
import { eventually, hostOf, inHost, kubectl, onLab, planOf } from './support.ts'

/** Time enough for everything to come back after a loss of power. */
const recovery = 180

describe('a host before, in and after a cluster', () => {
  const name = 'e2ereset'
  const before = new Map<string, HostState>()
  let lab: Lab
  let service = ''

  beforeAll(async () => {
    lab = await labUp({ name, controlPlanes: 1, workers: 1, kubernetes: '1.37.1', fresh: true })
    for (const host of lab.hosts) before.set(host.name, await hostState(host))
    const outcome = await onLab(lab, 'apply', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
    service = await deployed()
  })

  afterAll(() => labDown(name))

  test('after a loss of power everywhere all nodes and a service come back by themselves', async () => {
    await Promise.all(lab.hosts.map((host) => powerOff(host)))
    const began = Date.now()
    // The worker first: what it needs is not there yet.
    for (const host of lab.hosts.toReversed()) await powerOn(name, host)
    await eventually(recovery, () => allReadySince(began))
    const ready = Date.now() - began
    await eventually(recovery - ready / 1000, () => Promise.all(lab.hosts.map((host) => answersIn(host, service))))
    process.stderr.write(`power: nodes Ready after ${seconds(ready)}, service after ${seconds(Date.now() - began)}\n`)
    expect(await planOf(lab)).toEqual([])
  })

  test('a host that was renamed after it became a node is refused by name', async () => {
    const worker = hostOf(lab, 'w1')
    await inHost(worker, 'echo web7 >/proc/sys/kernel/hostname')
    const outcome = await onLab(lab, 'apply', '--yes')
    await inHost(worker, 'echo w1 >/proc/sys/kernel/hostname')
    expect(outcome.code).toBe(exitCodes.preflight)
    expect(outcome.stderr).toContain('error Hostname [w1] the host was renamed from w1 to web7')
  })

  test('a worker of a living cluster is not reset alone', async () => {
    const outcome = await onLab(lab, 'reset', 'w1', '--yes')
    expect(outcome.code).toBe(exitCodes.preflight)
    expect(outcome.stderr).toContain('the cluster lives on cp1, and counts on this host: as a node')
    expect(outcome.stderr).toContain('kubewright node remove w1')
  })

  test('reset works with a dead API server, and leaves the hosts as they were before', async () => {
    const controlPlane = hostOf(lab, 'cp1')
    await inHost(controlPlane, 'rm /etc/kubernetes/manifests/kube-apiserver.yaml')
    await eventually(60, () => expect(inHost(controlPlane, 'pgrep -x kube-apiserver')).rejects.toThrow())
    const outcome = await onLab(lab, 'reset', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
    for (const host of lab.hosts) expect(await changesSince(before.get(host.name)!, host), host.name).toEqual({})
    const again = await onLab(lab, 'reset', '--yes')
    expect(again.stdout).toContain('Nothing to reset')
  })

  test('a cluster can be made on them again', async () => {
    const outcome = await onLab(lab, 'apply', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
    expect(await planOf(lab)).toEqual([])
    service = await deployed()
    await eventually(60, () => Promise.all(lab.hosts.map((host) => answersIn(host, service))))
  })

  /** A Service with two pods; its address. */
  async function deployed(): Promise<string> {
    const image = (await inHost(hostOf(lab, 'cp1'), 'ctr -n k8s.io images ls -q')).match(/^\S+\/agnhost:\S+$/m)?.[0]
    await kubectl(
      lab,
      `create deployment echo --image ${image} --replicas 2 --port 8080 -- /agnhost netexec --http-port=8080`,
    )
    await kubectl(lab, 'expose deployment echo --port 80 --target-port 8080')
    await kubectl(lab, 'rollout status deployment echo --timeout 120s')
    return (await kubectl(lab, `get service echo -o jsonpath='{.spec.clusterIP}'`)).trim()
  }

  /** Every node is Ready by what its kubelet has said since then: the API remembers what was before. */
  async function allReadySince(began: number): Promise<void> {
    const fields = `'{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].lastHeartbeatTime}{"\\n"}{end}'`
    const nodes = (await kubectl(lab, `--request-timeout 5s get nodes -o jsonpath=${fields}`)).trim().split('\n')
    expect(nodes).toHaveLength(lab.hosts.length)
    for (const node of nodes) {
      const [, ready = '', heard = ''] = node.split(' ')
      expect(ready, node).toBe('True')
      expect(Date.parse(heard), node).toBeGreaterThan(began)
    }
  }
})

/** A service answers a program of the host; hosts have no curl, this machine's is enough in their network. */
async function answersIn(host: LabHost, address: string): Promise<void> {
  const process = (await $`podman inspect --format ${'{{.State.Pid}}'} ${host.container}`).stdout.trim()
  await $`nsenter --target ${process} --net curl -s --fail --noproxy '*' --max-time 2 http://${address}/hostname`
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}
