/** What one cell of the check says; what `api`, `dns` and `outside` are about has no other end. */
export type CellKind =
  'pod' | 'service' | 'hairpin' | 'mtu' | 'node' | 'api' | 'dns' | 'outside' | 'blocked' | 'unblocked'

/** Whether something reaches something. */
export interface Cell {
  readonly kind: CellKind
  /** The node that asked. */
  readonly from: string
  /** The node that was asked, if it was one. */
  readonly to: string | undefined
  readonly state: 'ok' | 'failed' | 'skipped'
  /** Why it is not ok, as the program said that tried. */
  readonly detail: string
}

/** Whether a node takes part: `failed`, its pod does not run; `unasked`, the API does not get into its pod. */
export interface NodeState {
  readonly name: string
  readonly state: 'running' | 'failed' | 'unasked'
  readonly detail: string
}

/** What the API and the nodes say of a node; it explains failures. */
export interface NodeFacts {
  readonly ready: boolean | undefined
  readonly addresses: readonly string[]
  /** The address that the network plugin sends to. */
  readonly tunnelAddress: string | undefined
  /** Pods of kube-proxy, CoreDNS and the network plugin on it: whether they are ready. */
  readonly agents: readonly { readonly name: string; readonly ready: boolean }[]
  /** The MTU of pods there. */
  readonly podMtu: number | undefined
  /** The device that carries the traffic between nodes. */
  readonly device: { readonly name: string; readonly mtu: number } | undefined
  /** Whether the node itself can resolve a name of the internet. */
  readonly resolvesOutside: boolean | undefined
}

/** Everything that a check of the network has learned. */
export interface NetworkReport {
  readonly nodes: readonly NodeState[]
  readonly cells: readonly Cell[]
  readonly facts: ReadonlyMap<string, NodeFacts>
  /** What kept the check from being made. */
  readonly errors: readonly string[]
  /** Whether it came to its end. */
  readonly complete: boolean
}

const kinds: ReadonlySet<string> = new Set<CellKind>([
  'pod',
  'service',
  'hairpin',
  'mtu',
  'node',
  'api',
  'dns',
  'outside',
  'blocked',
  'unblocked',
])

/** Reads the lines that `templates/check/network.sh` prints; it skips what it does not know. */
export function parseReport(lines: readonly string[]): NetworkReport {
  const rows = lines.map((line) => line.trim().split(/ +/))
  const of = (word: string) => rows.flatMap(([first, ...rest]) => (first === word ? [rest] : []))
  const states = new Map(of('node').map((row) => [row[0] ?? '', nodeState(row)]))
  const facts = of('fact')
  const named = new Set([...states.keys(), ...facts.map(([, node = '']) => node)])
  return {
    nodes: [...states.values()],
    cells: of('cell').flatMap(cell),
    facts: new Map([...named].map((node) => [node, nodeFacts(facts.filter((row) => row[1] === node))])),
    errors: of('error').map((row) => row.join(' ')),
    complete: of('end').length > 0,
  }
}

/** The facts of a node of which nothing is known. */
export const unknownFacts: NodeFacts = nodeFacts([])

function nodeState([name = '', state = '', ...detail]: readonly string[]): NodeState {
  return { name, state: state === 'running' || state === 'unasked' ? state : 'failed', detail: detail.join(' ') }
}

function cell([kind = '', from = '', to = '-', state, ...detail]: readonly string[]): readonly Cell[] {
  if (!kinds.has(kind) || (state !== 'ok' && state !== 'failed' && state !== 'skipped')) return []
  return [{ kind: kind as CellKind, from, to: to === '-' ? undefined : to, state, detail: plainly(detail.join(' ')) }]
}

/** What wget and agnhost say, in few words. */
function plainly(said: string): string {
  if (/timed? ?out|TIMEOUT/i.test(said)) return said.includes('lookup') ? 'DNS does not answer' : 'no answer'
  if (/no such host/.test(said)) return 'DNS does not know the name'
  if (/server misbehaving/.test(said)) return 'DNS answers with a failure'
  if (/refused/i.test(said)) return 'connection refused'
  return said.replace(/^wget: |^OTHER: |^DNS: /, '')
}

function nodeFacts(rows: readonly (readonly string[])[]): NodeFacts {
  const values = (name: string): readonly (readonly string[])[] =>
    rows.flatMap(([fact, , ...rest]) => (fact === name ? [rest] : []))
  const [tunnel] = [...values('flannel'), ...values('calico')].flat()
  const [device] = values('device')
  const [ready] = values('ready')
  const [outside] = values('outside')
  const [mtu] = values('mtu')
  return {
    ready: ready === undefined ? undefined : ready[0] === 'True',
    addresses: values('address').flat(),
    tunnelAddress: tunnel?.replace(/\/\d+$/, ''),
    agents: values('agent').map(([name = '', state]) => ({ name, ready: state === 'True' })),
    podMtu: mtu?.[0] === undefined ? undefined : Number(mtu[0]),
    device: device?.[1] === undefined ? undefined : { name: device[0] ?? '', mtu: Number(device[1]) },
    resolvesOutside: outside === undefined ? undefined : outside[0] === 'yes',
  }
}
