import { Resolver } from 'node:dns/promises'
import http from 'node:http'
import https from 'node:https'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A client that asks while hosts are stopped, run in a host's network by `nsenter`: every 50 ms, each time by a new connection and
 * whatever became of those before. It reads what to ask as a line of stdin, and prints what came of it when stdin ends.
 */
export interface ProbeQuestion {
  /** What is asked of the API, by the name of the series. */
  readonly api: Readonly<Record<string, string>>
  /** PEM of an administrator. */
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** A service's name, the server that resolves it, and the port that is called then. */
  readonly service: { readonly name: string; readonly server: string; readonly port: number }
}

/** What came of one series. */
export interface ProbeAnswer {
  readonly asked: number
  /** Milliseconds from the first question to the last: a busy machine may ask more seldom. */
  readonly elapsed: number
  /** Milliseconds after the start at which those were asked that had no answer after a second. */
  readonly failed: readonly number[]
  /** Why, each reason once. */
  readonly reasons: readonly string[]
  /** The longest that an answer has taken, in milliseconds. */
  readonly slowest: number
}

/** Milliseconds. */
const [interval, patience] = [50, 1000]

type Ask = (signal: AbortSignal) => Promise<void>

function series(ask: Ask) {
  const failed: number[] = []
  const reasons = new Set<string>()
  let [asked, elapsed, slowest] = [0, 0, 0]
  return {
    async ask(at: number): Promise<void> {
      asked += 1
      elapsed = at
      const began = performance.now()
      try {
        await inTime(ask)
        slowest = Math.max(slowest, Math.round(performance.now() - began))
      } catch (thrown) {
        failed.push(at)
        reasons.add(thrown instanceof Error ? thrown.message : String(thrown))
      }
    },
    answer: (): ProbeAnswer => ({
      asked,
      elapsed,
      failed: failed.toSorted((one, other) => one - other),
      reasons: [...reasons],
      slowest,
    }),
  }
}

async function inTime(ask: Ask): Promise<void> {
  const signal = AbortSignal.timeout(patience)
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('no answer')))
  })
  await Promise.race([ask(signal), late])
}

/** Rejects unless the whole answer comes with status 200. */
function get(request: (respond: (response: http.IncomingMessage) => void) => http.ClientRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request((response) => {
      response.on('error', reject).resume()
      response.on('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`status ${response.statusCode}`))
      })
    })
    sent.on('error', reject)
  })
}

function seriesOf({ api, service, ca, cert, key }: ProbeQuestion) {
  const resolver = new Resolver({ timeout: patience, tries: 1 })
  resolver.setServers([service.server])
  const calls = Object.entries(api).map(([name, url]): [string, Ask] => [
    name,
    (signal) => get((respond) => https.get(url, { ca, cert, key, agent: false, signal }, respond)),
  ])
  const called: Ask = async (signal) => {
    const [host = ''] = await resolver.resolve4(service.name)
    await get((respond) => http.get({ host, port: service.port, agent: false, signal }, respond))
  }
  return [...calls, ['service', called] as const].map(([name, ask]) => [name, series(ask)] as const)
}

async function run(question: ProbeQuestion, end: AbortSignal): Promise<Readonly<Record<string, ProbeAnswer>>> {
  const all = seriesOf(question)
  const began = performance.now()
  const asking: Promise<void>[] = []
  for (let next = began; !end.aborted; next += interval) {
    await sleep(Math.max(0, next - performance.now()))
    const at = Math.round(performance.now() - began)
    asking.push(...all.map(([, one]) => one.ask(at)))
  }
  await Promise.all(asking)
  return Object.fromEntries(all.map(([name, one]) => [name, one.answer()]))
}

const ended = new AbortController()
const input = createInterface(process.stdin)
input.on('close', () => ended.abort())
input.once('line', (line) => {
  void run(JSON.parse(line) as ProbeQuestion, ended.signal).then((answers) => {
    process.stdout.write(`${JSON.stringify(answers)}\n`)
  })
})
