import type { Finding, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { splitCertificates } from '../pki/read.ts'
import { lines, sh, type Command } from '../transport/command.ts'

/** What came of asking an endpoint behind which nothing lives yet. */
export interface Forwarding {
  readonly outcome: 'proved' | 'failed' | 'skipped'
  /** Why it failed, or why nobody asked. */
  readonly reason: string
  /** Who else has connected to the listener. */
  readonly others: readonly string[]
}

/** Seconds; a load balancer's health check has to see the listener before anything is forwarded to it. */
const patience = 12

/** Asks the endpoint for a word that a short-lived listener on this host says; `listen` is the address of the API server to come. */
export function forwarding(
  wanted: { readonly host: string; readonly port: number; readonly listen: string },
  examine: (state: Forwarding) => readonly Finding[],
): Resource<Forwarding> {
  const { host, port, listen } = wanted
  return examined('EndpointForwards', sh`kw_forwards ${host} ${port} ${listen} ${patience}`, parseForwarding, examine)
}

/** How the API answers through an endpoint. */
export interface Answers {
  /** Of each connection: `ok`, or why there was no answer. */
  readonly answers: readonly string[]
  /** The certificate that came has not the name of the endpoint. */
  readonly lacksName: boolean
  /** PEM of the certificate that the inventory gives the API servers, as it is on the host; empty if there is none. */
  readonly own: string
}

/**
 * Asks a living API through the endpoint, several times by a new connection: a dead one behind it is met by one of them. `own` is the
 * file of the certificate that the inventory gives the API servers, if it does.
 */
export function answering(
  { server, own }: { readonly server: string; readonly own: string | undefined },
  examine: (state: Answers) => readonly Finding[],
): Resource<Answers> {
  const script = sh`kw_answers ${server} 3`
  const asked = own === undefined ? script : lines(script, sh`cat ${own} 2>/dev/null || :`)
  return examined('EndpointAnswers', asked, parseAnswers, examine)
}

/** A resource that only examines. Whether it is asked again is nobody's matter, so no saved plan is bound to it. */
function examined<State>(
  id: string,
  script: Command,
  parse: (output: string) => State,
  examine: (state: State) => readonly Finding[],
): Resource<State> {
  const probe = { script: lines(scriptFile('endpoint/preflight.sh'), script), parse }
  return { id: `preflight:${id}`, probe, compare: () => undefined, digest: () => undefined, examine }
}

function parseForwarding(output: string): Forwarding {
  const all = output.split('\n')
  const after = (word: string): string | undefined =>
    all.find((line) => line === word || line.startsWith(`${word} `))?.slice(word.length + 1)
  const others = all.flatMap((line) => /^Connection from (.+):\d+ to /.exec(line)?.[1] ?? [])
  const skipped = after('skipped')
  if (after('proved') !== undefined) return { outcome: 'proved', reason: '', others: [] }
  if (skipped !== undefined) return { outcome: 'skipped', reason: skipped, others: [] }
  return { outcome: 'failed', reason: connectionTrouble(after('asked') ?? ''), others: [...new Set(others)] }
}

/** What bash says of a connection: `bash: line 1: /dev/tcp/api/6443: Connection refused`, or what came by it. */
function connectionTrouble(said: string): string {
  if (said === 'connected:') return 'it takes the connection and says nothing'
  if (said.startsWith('connected:')) return 'something else answers there'
  if (said === '') return 'it does not answer'
  if (/refused/.test(said)) return 'it refuses the connection'
  if (/not known|name resolution|No address|not resolve/.test(said)) return unresolved
  return said.replace(/^.*: /, '')
}

/** The reason of a name that the host does not know. */
export const unresolved = 'its name does not resolve'

function parseAnswers(output: string): Answers {
  const said = (word: string): readonly string[] =>
    output.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []))
  return {
    answers: said('answer').map((line) => (line === 'ok' ? line : apiTrouble(line))),
    own: splitCertificates(output).join(''),
    lacksName: said('named').some((line) => /x509: certificate is (?:valid for|not valid for any)/.test(line)),
  }
}

const apiTroubles: readonly (readonly [RegExp, string])[] = [
  [
    /unknown authority/,
    'another authority has signed its certificate: it leads to another cluster, or ends TLS itself',
  ],
  [/x509|tls:|HTTP response to HTTPS/, 'what answers there is no API server of this cluster'],
  [/refused/, 'it refuses the connection'],
  [/EOF|reset by peer/, 'it closes the connection: nobody listens where it leads'],
  [/no such host/, unresolved],
  [/deadline|[Tt]imeout|timed out/, 'it does not answer'],
]

/** What kubectl says of a connection. */
function apiTrouble(said: string): string {
  return apiTroubles.find(([pattern]) => pattern.test(said))?.[1] ?? (said === '' ? 'it does not answer' : said)
}
