import { task } from '../../engine/task.ts'
import type { Cni } from '../../inventory/cluster.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'

/** What the pod of a network does last before pods of its node can get an address. */
interface Sign {
  readonly title: string
  readonly file: string
  /** Logs of the network's pod, as a pattern of the shell. */
  readonly logs: string
}

const signs: Readonly<Record<Cni['name'], Sign | undefined>> = {
  /** The node's subnet. */
  flannel: { title: 'Flannel', file: '/run/flannel/subnet.env', logs: 'kube-flannel_*' },
  /** The node's name, written when its pools and addresses are settled. */
  calico: { title: 'Calico', file: '/var/lib/calico/nodename', logs: 'kube-system_calico-node-*' },
  none: undefined,
}

/**
 * Pods of this node can get an address: one that is tried earlier is tried again only after ten seconds and more. The node itself
 * is Ready before that, as soon as the plugin is configured.
 */
export const networkReady = task<Context>({
  name: 'network/ready',
  summary: 'Wait for the network of the node',
  resources({ cluster: { cni, artifacts } }) {
    const sign = signs[cni.name]
    // Images that come from a registry are pulled within the limit.
    return sign === undefined ? [] : [wait(sign, artifacts.images === 'artifacts' ? 180 : 600)]
  },
})

function wait({ title, file, logs }: Sign, limit: number) {
  return gate('network', {
    title: 'network of the node',
    script: sh`cat ${file}`,
    missing: (output) => (output.trim() === '' ? `${title} has not written ${file} yet` : undefined),
    gate: {
      limit,
      interval: 0.3,
      explain: sh`find /var/log/pods -path ${`/var/log/pods/${logs}/*.log`} | while read -r kw_log; do
echo "== $kw_log"; tail -n 8 "$kw_log"
done
journalctl -u kubelet --no-pager -n 12 -o cat`,
    },
  })
}
