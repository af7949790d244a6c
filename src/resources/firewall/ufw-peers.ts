import type { Change, Resource } from '../../engine/resource.ts'
import { lines, sh } from '../../transport/command.ts'

/** Of single addresses an enabled ufw lets in, by our rules, only those of the peers: a host that has left is nobody in particular. */
export function ufwPeers(peers: readonly string[]): Resource<readonly string[]> {
  return {
    id: 'firewall:ufw-peers',
    probe: {
      script: sh`grep -qsx ENABLED=yes /etc/ufw/ufw.conf && ufw show added`,
      parse: (output) =>
        [...output.matchAll(/^ufw allow from ([^ /]+) comment 'kubewright'$/gm)].map(([, address = '']) => address),
    },
    compare(addresses): Change | undefined {
      const gone = addresses.filter((address) => !peers.includes(address))
      if (gone.length === 0) return undefined
      return {
        verb: 'delete',
        summary: `close ufw for ${gone.join(', ')}`,
        impact: 'none',
        actions: [
          {
            kind: 'run',
            command: lines(...gone.map((one) => sh`ufw delete allow from ${one} >/dev/null`)),
            undo: 'inverse',
          },
        ],
      }
    },
  }
}
