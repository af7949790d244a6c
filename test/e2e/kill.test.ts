import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/engine/errors.ts'
import { labDown, labUp, type Lab } from '../lab/index.ts'
import { continuedApply, killedApply, type KilledRun } from './killing.ts'
import { elsewhere, eventually, hostOf, inHost, onLab, planOf, recordsOf } from './support.ts'

const name = 'e2ekill'

const steps = ['change-started', 'change-finished']

/** What somebody has done to files of the worker, and what a backup of them then has to hold. */
const drifts: readonly { readonly path: string; readonly command: string }[] = [
  { path: '/etc/sysctl.d/99-kubernetes.conf', command: 'echo "# edited" >>/etc/sysctl.d/99-kubernetes.conf' },
  { path: '/etc/crictl.yaml', command: 'rm /etc/crictl.yaml' },
  { path: '/etc/containerd/config.toml', command: 'echo "# edited" >>/etc/containerd/config.toml' },
  { path: '/etc/containerd/conf.d', command: 'chmod 0700 /etc/containerd/conf.d' },
  { path: '/opt/cni/bin/portmap', command: 'rm /opt/cni/bin/portmap' },
  {
    path: '/var/lib/kubelet/config.yaml',
    command: 'sed -i s/^maxPods:.*// /var/lib/kubelet/config.yaml; echo "# edited" >>/var/lib/kubelet/config.yaml',
  },
]

/** Files whose content is written, so that there is a copy of what was there. */
const backedUp = ['/etc/sysctl.d/99-kubernetes.conf', '/etc/containerd/config.toml', '/var/lib/kubelet/config.yaml']

describe('a run that is killed at any step of its journal', () => {
  let lab: Lab
  let sound = ''

  beforeAll(async () => {
    lab = await labUp({ name, controlPlanes: 1, workers: 1, kubernetes: '1.37.1', fresh: true })
    const outcome = await onLab(lab, 'apply', '--yes')
    expect(outcome.code).toBe(exitCodes.success)
    sound = await state()
  })

  afterAll(() => labDown(name))

  test('is continued from another working directory: the same operation, the original backups, nothing left to do', async () => {
    const count = await stepsOfAWholeRun()
    expect(count).toBeGreaterThanOrEqual(2 * drifts.length)
    let resumed = 0
    for (let step = 1; step <= count; step += 1) resumed += (await killedAndContinued(step)) ? 1 : 0
    process.stderr.write(`killed at each of ${count} steps; ${resumed} times an unfinished operation was continued\n`)
    expect(resumed).toBeGreaterThan(count / 2) // a kill before the first write or after the last one leaves nothing to continue
    expect(await planOf(lab)).toEqual([])
  })

  async function stepsOfAWholeRun(): Promise<number> {
    await drift()
    await using there = await elsewhere(lab)
    const { outcome, events } = await killedApply(there, { event: Infinity, types: steps, delay: 0 }, '--limit', 'w1')
    expect(outcome.code).toBe(exitCodes.success)
    expect(await state()).toBe(sound)
    return events.filter(({ type }) => steps.includes(type)).length
  }

  /** Whether there was an unfinished operation to continue. */
  async function killedAndContinued(step: number): Promise<boolean> {
    const drifted = await drift()
    await using here = await elsewhere(lab)
    await using there = await elsewhere(lab)
    const killed = await killedApply(here, momentOf(step), '--limit', 'w1')
    const open = await openOperation()
    const began = killed.events.find(({ type }) => type === 'operation-started')?.operation
    const told = `killed at step ${step} (${lastStep(killed)})`
    // Once something is done, the host must know of the operation.
    if (killed.events.some(({ type }) => type === 'change-finished')) expect(open, told).toBe(began)

    const outcome = await continuedApply(there, '--limit', 'w1')
    expect(outcome.code, `${told}\n${outcome.stdout}`).toBe(exitCodes.success)
    const started = recordsOf(outcome).find(({ type }) => type === 'operation-started')
    if (open !== '') expect(started, told).toMatchObject({ operation: open, resumed: true })
    expect(await state(), told).toBe(sound)
    expect(await openOperation(), told).toBe('')
    expect(await backups(started?.operation ?? ''), told).toEqual(drifted)
    expect(await unfinishedChanges(started?.operation ?? ''), told).toEqual([])
    return open !== ''
  }

  /** Spoils the files; what the backups of them shall be. */
  async function drift(): Promise<readonly string[]> {
    const worker = hostOf(lab, 'w1')
    await inHost(worker, drifts.map(({ command }) => command).join('\n'))
    return Promise.all(backedUp.map((path) => inHost(worker, `sha256sum <${path}`)))
  }

  async function backups(operation: string): Promise<readonly string[]> {
    const kept = `/var/lib/kubewright/backups/${operation}/files`
    return Promise.all(backedUp.map((path) => inHost(hostOf(lab, 'w1'), `sha256sum <${kept}${path}`)))
  }

  /** The files as they are, and whether their readers run. */
  async function state(): Promise<string> {
    const paths = drifts.map(({ path }) => path).join(' ')
    return inHost(
      hostOf(lab, 'w1'),
      `stat -c '%n %F %a %U:%G' ${paths}; find ${paths} -maxdepth 0 -type f -exec sha256sum {} +; systemctl is-active containerd kubelet`,
    )
  }

  /** The id of the operation that the worker knows as unfinished, after what still ran there has ended; empty if none. */
  async function openOperation(): Promise<string> {
    const worker = hostOf(lab, 'w1')
    await eventually(180, () => inHost(worker, 'flock -n /var/lib/kubewright/act.lock true'))
    return (
      await inHost(
        worker,
        `sed -n 's/^{"id":"\\([^"]*\\)".*/\\1/p' /var/lib/kubewright/operation.json 2>/dev/null || true`,
      )
    ).trim()
  }

  /** Changes that the journal has begun and not completed. */
  async function unfinishedChanges(operation: string): Promise<readonly string[]> {
    const journal = await inHost(hostOf(lab, 'w1'), `cat /var/lib/kubewright/journal/${operation}.ndjson`)
    const last = new Map<string, string>()
    for (const line of journal.trim().split('\n')) {
      const { resource, status } = JSON.parse(line) as { resource?: string; status: string }
      if (resource !== undefined) last.set(resource, status)
    }
    expect(last.size).toBeGreaterThanOrEqual(drifts.length)
    return [...last].filter(([, status]) => status !== 'done').map(([resource]) => resource)
  }
})

/** At the start of a change it is given the time to reach the host, so that it is cut off in the middle. */
function momentOf(step: number): { event: number; types: readonly string[]; delay: number } {
  return { event: step, types: steps, delay: step % 2 === 0 ? 0 : 60 }
}

function lastStep({ events }: KilledRun): string {
  const last = events.findLast(({ type }) => steps.includes(type))
  return `${last?.type} ${last?.resource}`
}
