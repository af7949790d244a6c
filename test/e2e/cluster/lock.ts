import { hostname, userInfo } from 'node:os'
import { expect, test } from 'vitest'
import { exitCodes } from '../../../src/engine/errors.ts'
import { elsewhere, hostOf, inHost, kubewright, onLab, planOf, recordsOf, type Outcome } from '../support.ts'
import { tell } from './installation.ts'
import { shared } from './shared.ts'

/** One run at a time, and nothing to clear away after one that died. */
export function oneRunAtATime(): void {
  test('of two applies at once the second is refused and told who works there; when the first is killed, the next one works at once', async () => {
    const { lab } = shared
    await inHost(hostOf(lab, 'w1'), 'rm /opt/cni/bin/portmap /etc/crictl.yaml && systemctl stop kubelet')
    await inHost(hostOf(lab, 'cp1'), 'echo >>/etc/kubernetes/manifests/kube-scheduler.yaml')
    await using there = await elsewhere(lab)

    let operation = ''
    const contesting: Promise<Outcome>[] = []
    const contest = async (kill: () => void): Promise<Outcome> => {
      const outcome = await kubewright(['apply', '--yes', '--output', 'json', '--inventory', there.inventoryPath])
      kill()
      return outcome
    }
    const first = await kubewright(['apply', '--yes', '--output', 'json', '--inventory', lab.inventoryPath], {
      line(text, child) {
        const { type, ...rest } = JSON.parse(text) as { type: string; operation?: string }
        if (type === 'operation-started') operation = rest.operation ?? ''
        if (type === 'change-started' && contesting.length === 0) contesting.push(contest(() => child.kill('SIGKILL')))
      },
    })
    const [second] = await Promise.all(contesting)
    if (second === undefined) throw new Error('the first run changed nothing')
    expect(first.code).toBe(null) // killed, not finished
    const error = recordsOf(second).find(({ type }) => type === 'error')?.error
    expect(second.code).toBe(exitCodes.locked)
    expect(error?.code).toBe('KW2011')
    expect(error?.message).toContain(`${userInfo().username}@${hostname()}`)
    expect(error?.message).toContain(operation)

    const began = performance.now()
    const third = await untilNotLocked(() => onLab(lab, 'apply', '--yes', '--output', 'json'))
    tell('from kill -9 to the end of the next apply', performance.now() - began)
    expect(third.code).toBe(exitCodes.success)
    expect(recordsOf(third).find(({ type }) => type === 'operation-started')).toMatchObject({
      operation,
      resumed: true,
    })
    expect(performance.now() - began).toBeLessThan(60_000)
    expect(await planOf(lab)).toEqual([])
  })
}

/** The host may need a moment to learn that the connection of a killed run is gone. */
async function untilNotLocked(run: () => Promise<Outcome>): Promise<Outcome> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const outcome = await run()
    if (outcome.code !== exitCodes.locked) return outcome
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  return run()
}
