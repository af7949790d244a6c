import type { HostPhase, Phase } from './task.ts'

export type PhaseOutcome = 'finished' | 'failed' | 'skipped'

/**
 * Runs each host's phases in the order of the agenda. A phase begins on a host when the phases that it comes after have finished
 * on all their hosts, and as many hosts as its concurrency are in it; a host that failed skips the rest, and so does whoever waits
 * for it. `run` resolves with whether the phase succeeded on that host and never rejects.
 */
export async function schedule(
  phases: readonly Phase[],
  run: (phase: Phase, part: HostPhase) => Promise<boolean>,
  report: (phase: Phase, host: string, outcome: PhaseOutcome | 'started') => void,
): Promise<boolean> {
  const latches = new Map(phases.map((phase) => [phase.name, latch(phase.hosts.length)]))
  const places = new Map(phases.map((phase) => [phase.name, semaphore(phase.concurrency)]))
  const hosts = [...new Set(phases.flatMap((phase) => phase.hosts.map(({ host }) => host)))]

  const runHost = async (host: string): Promise<boolean> => {
    let healthy = true
    for (const phase of phases) {
      const part = phase.hosts.find((candidate) => candidate.host === host)
      if (part === undefined) continue
      const ready: boolean = healthy && (await allOf(phase.after.map((name) => latches.get(name)?.done)))
      const outcome: PhaseOutcome = ready ? await enter(phase, part) : 'skipped'
      report(phase, host, outcome)
      healthy = outcome === 'finished'
      latches.get(phase.name)?.arrive(healthy)
    }
    return healthy
  }

  const enter = async (phase: Phase, part: HostPhase): Promise<PhaseOutcome> => {
    const place = places.get(phase.name)
    await place?.acquire()
    try {
      report(phase, part.host, 'started')
      return (await run(phase, part)) ? 'finished' : 'failed'
    } finally {
      place?.release()
    }
  }

  const outcomes = await Promise.all(hosts.map(runHost))
  return outcomes.every(Boolean)
}

async function allOf(promises: readonly (Promise<boolean> | undefined)[]): Promise<boolean> {
  const values = await Promise.all(promises.map((promise) => promise ?? Promise.resolve(true)))
  return values.every(Boolean)
}

/** Resolves when `count` hosts have arrived, with whether all of them were well. */
function latch(count: number): { readonly done: Promise<boolean>; arrive(well: boolean): void } {
  let missing = count
  let allWell = true
  const opening: ((well: boolean) => void)[] = []
  const done = count === 0 ? Promise.resolve(true) : new Promise<boolean>((resolve) => opening.push(resolve))
  return {
    done,
    arrive(well) {
      allWell &&= well
      missing -= 1
      if (missing === 0) for (const open of opening) open(allWell)
    },
  }
}

function semaphore(places: number): { acquire(): Promise<void>; release(): void } {
  let free = places
  const waiting: (() => void)[] = []
  return {
    async acquire() {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
    },
    release() {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    },
  }
}
