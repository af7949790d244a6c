import type { Action, Finding, Resource } from '../../engine/resource.ts'
import { scriptFile } from '../../host/script.ts'
import { familyOf, type IPFamily } from '../../inventory/subnets.ts'
import { lines, sh } from '../../transport/command.ts'
import { editOf, parseTextState, type TextState } from '../edited-file.ts'
import { closedFinding, hasRule, openingChange, openingName, portRange, ruleComment } from './opening.ts'
import type { FirewallOptions, Opening } from './opening.ts'

/** One IP family's rules in the chains INPUT and FORWARD, and the file from which they come back at boot. */
export interface IptablesState {
  readonly rules: string
  readonly file: TextState
}

const places = {
  4: { program: 'iptables', files: ['/etc/iptables/rules.v4', '/etc/sysconfig/iptables'] },
  6: { program: 'ip6tables', files: ['/etc/iptables/rules.v6', '/etc/sysconfig/ip6tables'] },
} as const

/** Rules of iptables that keep others out (and are neither firewalld's nor ufw's) let our ports and subnets in, before whatever rejects. */
export function iptables(family: IPFamily, options: FirewallOptions): Resource<IptablesState> {
  const { program, files } = places[family]
  const openings = options.openings.filter((one) => one.kind !== 'subnet' || familyOf(one.subnet) === family)
  const live = ({ rules }: IptablesState): readonly Opening[] => missingIn(rules, openings)
  return {
    id: `firewall:${program}`,
    probe: {
      script: lines(scriptFile('host/firewall.sh'), sh`kw_iptables ${program} ${files}`),
      parse: parseIptables,
    },
    compare(state) {
      const missing = live(state)
      const edited = missingIn(listingOf(state.file.text), openings)
      const edit = editOf(state.file, withRules(state.file.text, edited), { why: 'rules after a reboot' })
      const all = [...new Set([...missing, ...(edit === undefined ? [] : edited)])]
      const inserts = missing.map((one) => sh`${program} -w 10 -I ${chainOf(one)} ${ruleOf(one)}`)
      const change = openingChange(program, all, options, (): readonly Action[] => [
        ...(inserts.length === 0 ? [] : [{ kind: 'run', command: lines(...inserts), undo: 'inverse' } as const]),
        ...(edit?.actions ?? []),
      ])
      return change === undefined || edit?.diff === undefined ? change : { ...change, diff: edit.diff }
    },
    examine: (state) => [...closedFinding(program, live(state), options), ...unkept(program, state, options)],
  }
}

/** A chain is closed if its policy drops, or if a rule rejects what came so far. FORWARD counts only with INPUT: Docker closes it, too, and Flannel copes with that. */
function missingIn(listing: string, openings: readonly Opening[]): readonly Opening[] {
  if (!isClosed(listing, 'INPUT')) return []
  return openings.filter((one) => isClosed(listing, chainOf(one)) && !hasRule(listing, one))
}

function isClosed(listing: string, chain: 'INPUT' | 'FORWARD'): boolean {
  return new RegExp(`^(-P ${chain} DROP|-A ${chain} -j (DROP|REJECT)\\b)`, 'm').test(listing)
}

function chainOf(opening: Opening): 'INPUT' | 'FORWARD' {
  return opening.kind !== 'subnet' || opening.direction === 'input' ? 'INPUT' : 'FORWARD'
}

function ruleOf(opening: Opening): readonly string[] {
  return [...matchOf(opening), '-m', 'comment', '--comment', ruleComment(opening), '-j', 'ACCEPT']
}

function matchOf(opening: Opening): readonly string[] {
  if (opening.kind === 'port')
    return ['-p', opening.protocol, '-m', opening.protocol, '--dport', portRange(opening, ':')]
  if (opening.kind === 'protocol') return ['-p', String(opening.number)]
  return [opening.direction === 'to' ? '-d' : '-s', opening.subnet]
}

/** The table `filter` of a file of `iptables-save`, as `iptables -S` would list it. */
function listingOf(text: string): string {
  return (/^\*filter\n([^]*?)^COMMIT/m.exec(text)?.[1] ?? '').replaceAll(/^:(\S+) (\S+).*$/gm, '-P $1 $2')
}

/** Our rules come before all others of the table `filter`, since the first match decides. */
function withRules(text: string, missing: readonly Opening[]): string {
  const added = missing.map((one) => `-A ${chainOf(one)} ${ruleOf(one).join(' ')}\n`).join('')
  return text.replace(/^\*filter\n(?:[:#].*\n)*/m, (head) => head + added)
}

function unkept(program: string, state: IptablesState, { manage }: FirewallOptions): readonly Finding[] {
  if (!manage || state.file.present || !isClosed(state.rules, 'INPUT')) return []
  return [
    {
      check: 'FirewallPersistence',
      severity: 'warning',
      message: `${program} keeps others out, but no file says from where its rules come at boot`,
      hint: `After a reboot run apply again, or let whatever makes these rules open ${openingName({ kind: 'port', protocol: 'tcp', ports: [10250, 10250] })} and the others, too.`,
    },
  ]
}

function parseIptables(output: string): IptablesState {
  const at = output.indexOf('\n=\n')
  return { rules: output.slice(0, at + 1), file: parseTextState(output.slice(at + 3)) }
}
