import type { Action, Resource } from '../../engine/resource.ts'
import { scriptFile } from '../../host/script.ts'
import { familyOf } from '../../inventory/subnets.ts'
import { renderText } from '../../render/template.ts'
import { lines, sh } from '../../transport/command.ts'
import { editOf, parseTextState, type TextState } from '../edited-file.ts'
import { closedFinding, hasRule, openingChange, portRange, ruleComment } from './opening.ts'
import type { FirewallOptions, Opening } from './opening.ts'

/** A base chain that hooks into input or forward, with its rules. */
export interface Chain {
  /** `inet filter input`: family, table and name. */
  readonly place: readonly [family: string, table: string, name: string]
  readonly hook: 'input' | 'forward'
  readonly listing: string
}

export interface NftablesState {
  readonly chains: readonly Chain[]
  /** What is loaded at boot; absent where nothing is. */
  readonly configuration: TextState
  readonly rules: TextState
}

const ownFile = '/etc/nftables.d/kubewright.nft'

/** Chains of nftables that keep others out (and are none of firewalld's, ufw's or iptables') let our ports and subnets in, without a flush. */
export function nftables(options: FirewallOptions): Resource<NftablesState> {
  const missing = ({ chains }: NftablesState): readonly Opening[] => [
    ...new Set(closedChains(chains).flatMap((chain) => missingIn(chain, options.openings))),
  ]
  return {
    id: 'firewall:nftables',
    probe: {
      script: lines(scriptFile('host/firewall.sh'), sh`kw_nftables ${ownFile}`),
      parse: parseNftables,
    },
    compare(state) {
      const inserts = closedChains(state.chains).flatMap((chain) =>
        missingIn(chain, options.openings).map((opening) => sh`nft ${insertion(chain, opening)}`),
      )
      const kept = persistence(state, options.openings)
      const wanted = missing(state)
      const change = openingChange('nftables', wanted.length > 0 ? wanted : options.openings, options, () => [
        ...(inserts.length === 0 ? [] : [{ kind: 'run', command: lines(...inserts), undo: 'inverse' } as const]),
        ...kept.actions,
      ])
      if (change === undefined || change.actions.length === 0) return undefined
      return kept.diff === '' ? change : { ...change, diff: kept.diff }
    },
    examine: (state) => closedFinding('nftables', missing(state), options),
  }
}

/** Our rules in a file of their own, which the host's configuration includes at its end; nothing where nothing is loaded at boot. */
function persistence({ chains, configuration, rules }: NftablesState, openings: readonly Opening[]) {
  const closed = closedChains(chains)
  if (!configuration.present || closed.length === 0) return { actions: [] as readonly Action[], diff: '' }
  const view = closed.map((chain) => ({
    table: chain.place.slice(0, 2).join(' '),
    chain: chain.place.join(' '),
    rules: applicable(chain, openings).map((opening) => insertion(chain, opening).join(' ')),
  }))
  const own = editOf(rules, renderText('host/kubewright.nft', { chains: view }), { why: 'rules at boot', create: true })
  const include = `include "${ownFile}"\n`
  const { text } = configuration
  const included = text.includes(include) ? text : `${text}${text.endsWith('\n') ? '' : '\n'}${include}`
  const edit = editOf(configuration, included, { why: 'load our rules at boot' })
  return {
    actions: [...(own?.actions ?? []), ...(edit?.actions ?? [])],
    diff: [own?.diff, edit?.diff].filter((diff) => diff !== undefined).join('\n'),
  }
}

function closedChains(chains: readonly Chain[]): readonly Chain[] {
  // A last rule that takes everything closes a chain as its policy does.
  return chains.filter(({ listing }) => /policy drop;|^\s*(?:counter [\w ]*)?(?:drop|reject)\b/m.test(listing))
}

function applicable({ place: [family], hook }: Chain, openings: readonly Opening[]): readonly Opening[] {
  return openings.filter((one) => {
    if (one.kind !== 'subnet') return hook === 'input'
    const fits = family === 'inet' || family === (familyOf(one.subnet) === 6 ? 'ip6' : 'ip')
    return fits && hook === (one.direction === 'input' ? 'input' : 'forward')
  })
}

function missingIn(chain: Chain, openings: readonly Opening[]): readonly Opening[] {
  return applicable(chain, openings).filter((opening) => !hasRule(chain.listing, opening))
}

function insertion({ place }: Chain, opening: Opening): readonly string[] {
  return ['insert', 'rule', ...place, ...matchOf(opening), 'accept', 'comment', `"${ruleComment(opening)}"`]
}

function matchOf(opening: Opening): readonly string[] {
  if (opening.kind === 'port') return [opening.protocol, 'dport', portRange(opening, '-')]
  if (opening.kind === 'protocol') return ['meta', 'l4proto', String(opening.number)]
  const { subnet, direction } = opening
  return [familyOf(subnet) === 6 ? 'ip6' : 'ip', direction === 'to' ? 'daddr' : 'saddr', subnet]
}

function parseNftables(output: string): NftablesState {
  const [chains = '', configuration = '', rules = ''] = output.split('\n=\n')
  return {
    chains: chains
      .split(/^chain /m)
      .slice(1)
      .flatMap(parseChain),
    configuration: parseTextState(configuration),
    rules: parseTextState(rules),
  }
}

function parseChain(block: string): readonly Chain[] {
  const end = block.indexOf('\n')
  const [family = '', table = '', name = ''] = block.slice(0, end).split(' ')
  const hook = /hook (input|forward)/.exec(block)?.[1]
  if (hook === undefined) return []
  return [{ place: [family, table, name], hook: hook as Chain['hook'], listing: block.slice(end + 1) }]
}
