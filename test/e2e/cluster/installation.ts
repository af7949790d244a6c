import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../../src/engine/errors.ts'
import { differences, fileSystem } from '../file-system.ts'
import { watchProcesses } from '../secrets.ts'
import {
  changesMade,
  changesPlanned,
  hostOf,
  inHost,
  onLab,
  recordsOf,
  type EventRecord,
  type PlanDocument,
} from '../support.ts'
import { shared } from './shared.ts'

const named = '/etc/sysctl.d/99-kubernetes.conf'

/** From bare hosts to a cluster, by a saved plan. */
export function installationGoesAsPlanned(): void {
  test('a plan writes nothing on bare hosts', async () => {
    const { lab } = shared
    const before = await Promise.all(lab.hosts.map((host) => fileSystem(host)))
    const outcome = await onLab(lab, 'plan', '--out', planPath())
    expect(outcome.stderr).toContain('Saved.')
    expect(outcome.code).toBe(exitCodes.changes)
    const after = await Promise.all(lab.hosts.map((host) => fileSystem(host)))
    for (const [index, snapshot] of before.entries()) {
      expect(snapshot.length).toBeGreaterThan(5000)
      expect(differences(snapshot, after[index] ?? [])).toEqual([])
    }
  })

  test('a saved plan is refused when a file that it names has changed since, and nothing is done', async () => {
    const host = hostOf(shared.lab, 'w2')
    await inHost(host, `echo 'net.ipv4.ip_forward = 0' >${named}`)
    try {
      const before = await fileSystem(host)
      const outcome = await onLab(shared.lab, 'apply', '--yes', '--plan', planPath())
      expect(outcome.stderr).toContain(`w2: file:${named}`)
      expect(outcome.code).toBe(exitCodes.stale)
      expect(differences(before, await fileSystem(host))).toEqual([])
    } finally {
      await inHost(host, `rm ${named}`)
    }
  })

  test('apply does what the saved plan has announced, and nothing else', async () => {
    const watch = watchProcesses()
    const outcome = await onLab(shared.lab, 'apply', '--yes', '--plan', planPath(), '--output', 'json')
    shared.installation = { outcome, planPath: planPath(), processes: watch.stop() }
    expect(errorsOf(outcome)).toEqual([])
    expect(outcome.code).toBe(exitCodes.success)

    const announced = changesPlanned(JSON.parse(await readFile(planPath(), 'utf8')) as PlanDocument)
    const made = changesMade(outcome)
    expect(made.filter((change) => !announced.includes(change))).toEqual([])
    // An announced change may turn out as done already: a join starts the kubelet.
    expect(announced.filter((change) => !made.includes(change))).toEqual([
      'w1 service:kubelet.service create',
      'w2 service:kubelet.service create',
    ])
    tell('bare hosts to proven cluster', outcome.elapsed)
  })
}

function planPath(): string {
  return join(shared.scratch, 'plan.json')
}

function errorsOf(outcome: { readonly stdout: string }): readonly EventRecord[] {
  return recordsOf(outcome).filter(({ type }) => type === 'error')
}

/** A figure for whoever reads the output of the tests. */
export function tell(what: string, milliseconds: number): void {
  process.stderr.write(`${what}: ${(milliseconds / 1000).toFixed(1)} s\n`)
}
