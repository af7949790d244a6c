import type { Action, Change, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { lines, sh } from '../transport/command.ts'

/** What is Kubernetes' or a CNI's in the rules of one program: `iptables-nft`, `ip6tables-legacy`. */
export interface ProgramRules {
  readonly program: string
  readonly tables: readonly {
    readonly name: string
    readonly chains: readonly string[]
    /** Rules of chains that are not ours, as `iptables-save` prints them: `-A FORWARD ... -j KUBE-FORWARD`. */
    readonly rules: readonly string[]
  }[]
}

export interface NetfilterState {
  readonly programs: readonly ProgramRules[]
  /** Tables of nftables: `ip kube-proxy`. */
  readonly tables: readonly string[]
}

/** Chains that only kube-proxy, the kubelet, the CNI plugins, Flannel and Calico make. */
const ours = 'KUBE-|FLANNEL-|CNI-|cali-'

/** Rules in the chains of others that lead to ours, or that carry the comment of one of these programs or of ours. */
const foreign = `-[jg] (${ours})|--comment "?(flanneld |cali:|kubernetes |kubelet |NodeLocal DNS Cache|kubewright:)`

const tables = new Set(
  ['kube-proxy', 'calico', 'cni_hostport', 'cni_plugins_masquerade', 'flannel-ipv4', 'flannel-ipv6'].flatMap((name) =>
    ['ip', 'ip6', 'inet'].map((family) => `${family} ${name}`),
  ),
)

/** No rule of Kubernetes or of its networks. Each is named in its deletion, so that those of others cannot be hit. */
export function withoutRules(): Resource<NetfilterState> {
  return {
    id: 'reset:netfilter',
    probe: { script: lines(scriptFile('host/reset.sh'), sh`kw_netfilter ${ours} ${foreign}`), parse: parseNetfilter },
    compare(state): Change | undefined {
      const found = [
        ...state.programs.map(programSummary),
        ...state.tables.map((table) => `table ${table} of nftables`),
      ]
      if (found.length === 0) return undefined
      return {
        verb: 'delete',
        summary: `delete netfilter rules: ${found.join(', ')}`,
        impact: 'workload',
        actions: [...state.programs.map(restoring), ...state.tables.map(tableDeletion)],
      }
    },
    digest: (state) => state.programs.length + state.tables.length > 0,
  }
}

/** Sets of addresses that only Calico and kube-proxy make. */
const ourSets = /^(?:cali[46].*|KUBE-.*)$/

/** No set of theirs, which nothing uses when their rules are gone. Sets may be members of others, so all are emptied before one goes. */
export function withoutSets(): Resource<readonly string[]> {
  return {
    id: 'reset:sets',
    probe: {
      script: sh`command -v ipset >/dev/null && ipset list -name`,
      parse: (output) => output.split('\n').filter((name) => ourSets.test(name)),
    },
    compare(sets): Change | undefined {
      if (sets.length === 0) return undefined
      return {
        verb: 'delete',
        summary: `delete ${sets.length} sets of addresses: ${sets.join(', ')}`,
        impact: 'workload',
        actions: [
          {
            kind: 'run',
            command: sh`ipset restore`,
            input: [...sets.map((set) => `flush ${set}\n`), ...sets.map((set) => `destroy ${set}\n`)].join(''),
            undo: 'none',
          },
        ],
      }
    },
    digest: (sets) => sets.length > 0,
  }
}

function programSummary({ program, tables: changed }: ProgramRules): string {
  const chains = changed.reduce((sum, table) => sum + table.chains.length, 0)
  const rules = changed.reduce((sum, table) => sum + table.rules.length, 0)
  return `${chains} chains and ${rules} rules that lead to them of ${program}`
}

function restoring(rules: ProgramRules): Action {
  return {
    kind: 'run',
    command: sh`${`${rules.program}-restore`} --wait 10 --noflush`,
    input: deletionText(rules),
    undo: 'none',
  }
}

function tableDeletion(table: string): Action {
  return { kind: 'run', command: sh`nft delete table ${table.split(' ')}`, undo: 'none' }
}

/** What `iptables-restore --noflush` carries out, a table at once: first nothing leads to our chains, then they are emptied, then they go. */
export function deletionText(rules: ProgramRules): string {
  const blocks = rules.tables.map(({ name, chains, rules: leading }) => [
    `*${name}`,
    ...leading.map((rule) => rule.replace(/^-A/, '-D')),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
    'COMMIT',
  ])
  return blocks.map((block) => block.map((line) => `${line}\n`).join('')).join('')
}

function parseNetfilter(output: string): NetfilterState {
  const [, ...blocks] = output.split(/^program /m)
  return {
    programs: blocks.map(parseProgram).filter((program) => program.tables.length > 0),
    tables: output.split('\n').flatMap((line) => {
      const name = line.startsWith('table ') ? line.slice('table '.length).trim() : ''
      return tables.has(name) ? [name] : []
    }),
  }
}

function parseProgram(block: string): ProgramRules {
  const [program = '', ...rows] = block.split('\n')
  const found: { name: string; chains: string[]; rules: string[] }[] = []
  for (const row of rows) {
    if (row.startsWith('*')) found.push({ name: row.slice(1), chains: [], rules: [] })
    if (row.startsWith(':')) found.at(-1)?.chains.push(row.slice(1).split(' ')[0] ?? '')
    if (row.startsWith('-A ')) found.at(-1)?.rules.push(row)
  }
  return { program, tables: found.filter(({ chains, rules }) => chains.length + rules.length > 0) }
}
