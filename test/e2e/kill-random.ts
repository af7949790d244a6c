import { Command } from 'commander'
import { buildArtifacts, labDown, labUp, snapshotReset } from '../lab/index.ts'
import { continuedApply, killedApply } from './killing.ts'
import { elsewhere, kubectl, kubewright, recordsOf } from './support.ts'

// A full installation is killed at a random moment and continued from another working directory that has nothing but the
// inventory with its pinned host keys and the SSH key. Again and again, on bare hosts each time.

const options = new Command('test:kill')
  .description('kill -9 at random moments of an installation; the cluster has to come up each time')
  .option('--rounds <count>', 'how often', Number, 20)
  .option('--workers <count>', 'worker hosts', Number, 2)
  .option('--name <lab>', 'name of the lab, so that several can run at once', 'e2ekillrandom')
  .option('--seed <number>', 'the moments of an earlier run again', Number, Date.now() % 1_000_000)
  .parse()
  .opts<{ rounds: number; workers: number; name: string; seed: number }>()

await buildArtifacts({ kubernetes: ['1.37.1'] })
const lab = await labUp({ name: options.name, controlPlanes: 1, workers: options.workers, fresh: true })
let failed = 0
try {
  say(`${options.rounds} rounds, --seed ${options.seed}`)
  const whole = await wholeInstallation()
  say(`an installation that nobody kills: ${seconds(whole)}`)
  const random = generator(options.seed)
  for (let round = 1; round <= options.rounds; round += 1) {
    try {
      say(`round ${round}: ${await killAndContinue(random() * whole)}`)
    } catch (thrown) {
      failed += 1
      say(`round ${round}: FAILED: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }
} finally {
  await labDown(lab.name)
}
say(failed === 0 ? `the cluster came up ${options.rounds} times` : `FAILED ${failed} of ${options.rounds} times`)
process.exitCode = failed === 0 ? 0 : 1

async function wholeInstallation(): Promise<number> {
  await using there = await elsewhere(lab)
  const { code, stderr, elapsed } = await kubewright(['apply', '--yes', '--inventory', there.inventoryPath])
  if (code !== 0) throw new Error(`the installation fails even when it is left alone (exit code ${code}):\n${stderr}`)
  return elapsed
}

async function killAndContinue(moment: number): Promise<string> {
  await snapshotReset(lab.name)
  await using here = await elsewhere(lab)
  await using there = await elsewhere(lab)
  const killed = await killedApply(here, { after: moment })
  const done = killed.events.filter(({ type }) => type === 'change-finished').length
  const last = killed.events.findLast(({ type }) => type === 'change-started')
  const told = `killed after ${seconds(moment)} and ${done} changes, the last one begun ${last?.host ?? ''} ${last?.resource ?? 'none'}`
  if (!killed.killed) return `done after ${seconds(killed.outcome.elapsed)}, before it could be killed`

  const outcome = await continuedApply(there)
  if (outcome.code !== 0) {
    const errors = recordsOf(outcome).filter(({ type }) => type === 'error')
    throw new Error(
      `${told}; then apply: exit code ${outcome.code}\n${JSON.stringify(errors, undefined, 2)}${outcome.stderr}`,
    )
  }
  await assertUp(there.inventoryPath)
  return `${told}; continued in ${seconds(outcome.elapsed)}: up`
}

/** From outside: all nodes Ready, and nothing left to do. */
async function assertUp(inventory: string): Promise<void> {
  await kubectl(lab, 'wait nodes --all --for condition=Ready --timeout=60s')
  const nodes = (await kubectl(lab, 'get nodes -o name')).trim().split('\n')
  if (nodes.length !== lab.hosts.length) throw new Error(`only ${nodes.join(', ')} are in the cluster`)
  const plan = await kubewright(['plan', '--inventory', inventory])
  if (plan.code !== 0)
    throw new Error(`a plan still has changes (exit code ${plan.code}):\n${plan.stdout}${plan.stderr}`)
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
