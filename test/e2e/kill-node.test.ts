import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes } from '../../src/engine/errors.ts'
import { labDown, labUp, snapshotReset, type Lab } from '../lab/index.ts'
import { killedRun } from './killing.ts'
import { elsewhere, eventually, hostOf, inHost, kubewright, onLab, planOf, type Elsewhere } from './support.ts'

const name = 'e2ekilln'

/** Dozens of runs, one after another. */
const timeout = 60 * 60_000
const etcdctl =
  'etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key --command-timeout 5s'

/** A member of etcd, as its list tells of it. */
interface Member {
  readonly id: string
  readonly peerURL: string
  readonly learner: boolean
}

describe('a control plane that comes by runs that are killed at every step', () => {
  let lab: Lab

  beforeAll(async () => {
    lab = await labUp({ name, controlPlanes: 3, workers: 0, fresh: true })
    const outcome = await onLab(lab, 'apply', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
  })

  afterAll(() => labDown(name))

  test('node add: never more than one learner, and each place among the members once', { timeout }, async () => {
    await using there = await elsewhere(lab)
    const remove = ['node', 'remove', 'cp3', '--keep-inventory', '--yes', '--inventory', there.inventoryPath]
    const outcome = await kubewright(remove)
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
    await killedUntilDone(there, ['node', 'add', 'cp3'], 'cp2')
    expect(await planOf(there)).toEqual([])
  })

  test('node replace: the same, and the old member never comes back', { timeout }, async () => {
    await using there = await elsewhere(lab)
    const old = (await members('cp2')).find(({ peerURL }) => peerURL.includes(hostOf(lab, 'cp1').nodeIP))
    await snapshotReset(name, ['cp1'])
    await killedUntilDone(there, ['node', 'replace', 'cp1'], 'cp2', old?.id)
    expect(await planOf(there)).toEqual([])
  })

  /**
   * Runs that are killed in the first thing that they do, one after another, until one has nothing left to do. What is not done by
   * what a killed run leaves behind, such as a transfer, is done by the next one, which is killed in the second thing.
   */
  async function killedUntilDone(
    there: Elsewhere,
    words: readonly string[],
    from: string,
    old?: string,
  ): Promise<void> {
    const steps = new Set<string>()
    let [kills, gone, stuck, last] = [0, false, false, '']
    const began = Date.now()
    for (let run = 1; run <= 250; run += 1) {
      const moment = { change: stuck ? 'second' : 'first', delay: [60, 0, 400][run % 3]! } as const
      const { killed, outcome, events } = await killedRun(there, moment, words)
      const begun = events.findLast(({ type }) => type === 'change-started')
      const step = `${begun?.host} ${begun?.resource}`
      const told = `run ${run}: ${step}`
      const list = await eventually(30, () => members(from))
      expect(list.filter(({ learner }) => learner).length, told).toBeLessThanOrEqual(1)
      expect(new Set(list.map(({ peerURL }) => peerURL)).size, told).toBe(list.length)
      const isThere = list.some(({ id }) => id === old)
      expect(gone && isThere, `${told}: ${old} is back`).toBe(false)
      gone ||= !isThere
      const end = killed ? `killed after ${moment.delay} ms` : `${outcome.code}`
      process.stderr.write(`${told} ${end}, ${Math.round(outcome.elapsed / 100) / 10} s\n`)
      ;[stuck, last] = [killed && step === last, step]
      if (killed) {
        kills += 1
        steps.add(step)
      } else if (outcome.code === exitCodes.success || isThereAlready(outcome.stdout)) {
        const seconds = Math.round((Date.now() - began) / 1000)
        process.stderr.write(`${words.join(' ')}: killed ${kills} times, at ${steps.size} steps, in ${seconds} s\n`)
        expect(list.map(({ learner }) => learner)).toEqual([false, false, false])
        return
      } else expect([exitCodes.locked, exitCodes.apply], `${told}\n${outcome.stdout}`).toContain(outcome.code)
    }
    throw new Error(`${words.join(' ')} has not come to its end`)
  }

  async function members(host: string): Promise<readonly Member[]> {
    const list = (await inHost(hostOf(lab, host), `${etcdctl} member list`)).trim().split('\n')
    return list.map((line) => {
      const [id = '', , , peerURL = ''] = line.split(', ')
      return { id, peerURL, learner: line.endsWith(', true') }
    })
  }
})

/** The run before was killed when it had nothing left to do. */
function isThereAlready(records: string): boolean {
  return records.includes('it lives, and only a host with an empty disk takes its own place')
}
