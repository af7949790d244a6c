import { task } from '../../engine/task.ts'
import type { Cni } from '../../inventory/cluster.ts'
import { gate } from '../../resources/gate.ts'
import { sh, type Command } from '../../transport/command.ts'
import type { Context } from '../context.ts'

/** How the pod of a network says on its own host that pods there have a network. */
interface Sign {
  readonly script: Command
  /** Undefined once it has been said. */
  readonly missing: (output: string) => string | undefined
  /** Logs of the network's pod, as a pattern of the shell. */
  readonly logs: string
}

/** Flannel writes this file when it knows the node's subnet. */
const subnetFile = '/run/flannel/subnet.env'

/** Felix says here whether it has made the node's routes and rules, before the kubelet's probe has brought that to the API. */
const felixPort = 9099

const signs: Readonly<Record<Cni['name'], Sign | undefined>> = {
  flannel: {
    script: sh`cat ${subnetFile}`,
    missing: (output) => (output.trim() === '' ? `Flannel has not written ${subnetFile} yet` : undefined),
    logs: 'kube-flannel_*',
  },
  calico: {
    script: sh`timeout 2 bash -c 'exec 3<>/dev/tcp/localhost/${felixPort}; printf "GET /readiness HTTP/1.0\r\n\r\n" >&3; head -n 1 <&3' 2>/dev/null`,
    missing: (output) => (/^HTTP\S+ 20/.test(output) ? undefined : 'Calico is not ready yet'),
    logs: 'kube-system_calico-node-*',
  },
  none: undefined,
}

/** Pods of this node have a network: what starts earlier fails, and is tried again only after ten seconds and more. */
export const networkReady = task<Context>({
  name: 'network/ready',
  summary: 'Wait for the network of the node',
  resources({ cluster: { cni, artifacts } }) {
    const sign = signs[cni.name]
    // Images that come from a registry are pulled within the limit.
    return sign === undefined ? [] : [wait(sign, artifacts.images === 'artifacts' ? 180 : 600)]
  },
})

function wait({ script, missing, logs }: Sign, limit: number) {
  return gate('network', {
    title: 'network of the node',
    script,
    missing,
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
