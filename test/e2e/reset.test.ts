import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/engine/errors.ts'
import { labDown, labUp, type Lab } from '../lab/index.ts'
import { changesSince, hostState, type HostState } from './host-state.ts'
import { answersEverywhere, powerLost, serviceAddress } from './recovery.ts'
import { eventually, hostOf, inHost, onLab, planOf } from './support.ts'

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
    service = await serviceAddress(lab)
  })

  afterAll(() => labDown(name))

  test('after a loss of power everywhere all nodes and a service come back by themselves', async () => {
    // The worker first: what it needs is not there yet.
    await powerLost(lab, lab.hosts.toReversed(), service)
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
    service = await serviceAddress(lab)
    await eventually(60, () => answersEverywhere(lab, service))
  })
})
