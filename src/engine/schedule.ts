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
      const ready: boolean = healthy && (await mayBegin(phase))
      const outcome: PhaseOutcome = ready ? await enter(phase, part) : 'skipped'
      report(phase, host, outcome)
      healthy = outcome === 'finished'
      latches.get(phase.name)?.arrive(healthy)
    }
    return healthy
  }

  const mayBegin = async ({ after, afterAny }: Phase): Promise<boolean> => {
    const [every, some] = await Promise.all([after, afterAny].map((names) => arrivals(latches, names)))
    return every?.every(({ all }) => all) === true && some?.every(({ any }) => any) === true
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

function arrivals(
  latches: ReadonlyMap<string, { readonly done: Promise<Arrivals> }>,
  names: readonly string[],
): Promise<readonly Arrivals[]> {
  return Promise.all(names.flatMap((name) => latches.get(name)?.done ?? []))
}

interface Arrivals {
  /** Whether all hosts were well, and whether any was; a phase without hosts counts as both. */
  readonly all: boolean
  readonly any: boolean
}

/** Resolves when `count` hosts have arrived. */
function latch(count: number): { readonly done: Promise<Arrivals>; arrive(well: boolean): void } {
  const arrived: boolean[] = []
  const opening: ((arrivals: Arrivals) => void)[] = []
  const done: Promise<Arrivals> =
    count === 0 ? Promise.resolve({ all: true, any: true }) : new Promise((resolve) => opening.push(resolve))
  return {
    done,
    arrive(well) {
      arrived.push(well)
      if (arrived.length < count) return
      for (const open of opening) open({ all: arrived.every(Boolean), any: arrived.some(Boolean) })
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
