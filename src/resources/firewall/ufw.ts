import type { Resource } from '../../engine/resource.ts'
import { lines, sh } from '../../transport/command.ts'
import { closedFinding, openingChange, portRange } from './opening.ts'
import type { FirewallOptions, PortOpening, SubnetOpening } from './opening.ts'

/** The rules that users of ufw added, as they would type them; undefined if ufw is not enabled. */
export type UfwState = readonly string[] | undefined

/** An enabled ufw lets in our ports and subnets, and forwards for the subnets; its rules are persistent by themselves. */
export function ufw(options: FirewallOptions): Resource<UfwState> {
  // It has no language for protocols without ports, as VRRP and IP in IP; Felix lets its tunnel in by itself, in the same table and before ufw's chains.
  const openings = options.openings.filter((opening) => opening.kind !== 'protocol')
  const missingIn = (rules: UfwState): typeof openings =>
    rules === undefined ? [] : openings.filter((opening) => !rules.includes(ruleOf(opening).join(' ')))
  return {
    id: 'firewall:ufw',
    probe: {
      script: sh`grep -qsx ENABLED=yes /etc/ufw/ufw.conf && echo enabled && ufw show added`,
      parse: parseRules,
    },
    compare(rules) {
      const missing = missingIn(rules)
      const commands = missing.map((opening) => sh`ufw ${ruleOf(opening)} comment kubewright >/dev/null`)
      return openingChange('ufw', missing, options, () => [
        { kind: 'run', command: lines(...commands), undo: 'inverse' },
      ])
    },
    examine: (rules) => closedFinding('ufw', missingIn(rules), options),
  }
}

function ruleOf(opening: PortOpening | SubnetOpening): readonly string[] {
  if (opening.kind === 'port') return ['allow', `${portRange(opening, ':')}/${opening.protocol}`]
  const { direction, subnet } = opening
  if (direction === 'input') return ['allow', 'from', subnet]
  return ['route', 'allow', direction, subnet]
}

function parseRules(output: string): UfwState {
  if (!output.startsWith('enabled\n')) return undefined
  return output
    .split('\n')
    .filter((line) => line.startsWith('ufw '))
    .map((line) => line.replace(/^ufw /, '').replace(/ comment '.*$/, ''))
}
