import { task } from '../../engine/task.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'

/** Flannel writes this file when it knows the node's subnet; before that no pod of the node gets an address. */
const subnetFile = '/run/flannel/subnet.env'

/** Pods of this node can get an address: one that is tried earlier is tried again only after ten seconds and more. */
export const networkReady = task<Context>({
  name: 'network/ready',
  summary: 'Wait for the network of the node',
  resources: ({ cluster }) =>
    cluster.cni.name === 'flannel' ? [flannelReady(cluster.artifacts.images === 'artifacts' ? 180 : 600)] : [],
})

/** Images that come from a registry are pulled within the limit (seconds). */
function flannelReady(limit: number) {
  return gate('network', {
    title: 'network of the node',
    script: sh`cat ${subnetFile}`,
    missing: (output) => (output.trim() === '' ? `Flannel has not written ${subnetFile} yet` : undefined),
    gate: {
      limit,
      interval: 0.3,
      explain: sh`for kw_log in /var/log/pods/kube-flannel_*/*/*.log; do
[ -e "$kw_log" ] && { echo "== $kw_log"; tail -n 8 "$kw_log"; }
done
journalctl -u kubelet --no-pager -n 12 -o cat`,
    },
  })
}
