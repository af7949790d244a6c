import type { Change, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { lines, sh } from '../transport/command.ts'

/** Our rules in firewalls that are not ours: of ufw as they would be typed, of nftables by table, chain and handle. */
export interface OpeningsState {
  readonly ufw: readonly string[]
  readonly nftables: readonly { readonly chain: readonly string[]; readonly handle: string }[]
}

/** A firewall that was opened for the cluster is closed again; our rules are known by their comment. */
export function closedFirewall(): Resource<OpeningsState> {
  return {
    id: 'reset:firewall',
    probe: {
      script: lines(
        scriptFile('host/reset.sh'),
        sh`ufw show added | grep "comment 'kubewright'"
kw_marked_rules | sed 's/^/nft /'`,
      ),
      parse: parseOpenings,
    },
    compare({ ufw, nftables }): Change | undefined {
      if (ufw.length + nftables.length === 0) return undefined
      const commands = [
        ...ufw.map((rule) => sh`ufw ${deletion(rule)} >/dev/null`),
        ...nftables.map(({ chain, handle }) => sh`nft delete rule ${chain} handle ${handle}`),
      ]
      const found = [
        ...(ufw.length === 0 ? [] : [`${ufw.length} rules of ufw`]),
        ...(nftables.length === 0 ? [] : [`${nftables.length} rules of nftables`]),
      ]
      return {
        verb: 'delete',
        summary: `close the firewall: ${found.join(', ')}`,
        impact: 'none',
        actions: [{ kind: 'run', command: lines(...commands), undo: 'inverse' }],
      }
    },
  }
}

/** `allow 6443/tcp` is undone by `delete allow 6443/tcp`, `route allow ...` by `route delete allow ...`. */
function deletion(rule: string): readonly string[] {
  const words = rule.split(' ')
  return words[0] === 'route' ? ['route', 'delete', ...words.slice(1)] : ['delete', ...words]
}

function parseOpenings(output: string): OpeningsState {
  const rows = output.split('\n')
  return {
    ufw: rows.flatMap((row) => (row.startsWith('ufw ') ? [row.slice(4).replace(/ comment '.*$/, '')] : [])),
    nftables: rows.flatMap((row) => {
      const words = row.startsWith('nft ') ? row.split(' ').slice(1) : []
      const [handle = ''] = words.slice(-1)
      return words.length === 0 ? [] : [{ chain: words.slice(0, -1), handle }]
    }),
  }
}

/** The rules of `iptables-save` in a file, without those that carry our comment. */
export function withoutOurRules(text: string): string {
  return text.replaceAll(/^-A .*--comment "?kubewright:.*\n/gm, '')
}

/** A configuration of nftables that no longer includes our file. */
export function withoutOurInclude(text: string): string {
  return text.replaceAll(/^include "\/etc\/nftables\.d\/kubewright\.nft"\n/gm, '')
}
