import { task } from '../../engine/task.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'

/** What the kubelet says again and again as long as there is no API server. */
const everySecond = 'Unable to register mirror pod|node \\\\?".*" not found'

/** Why a control plane does not come up is in these places. */
const explain = sh`journalctl -u kubelet --no-pager -n 400 -o cat | grep -vE ${everySecond} | tail -n 12
for kw_log in /var/log/pods/kube-system_etcd-*/*/*.log /var/log/pods/kube-system_kube-apiserver-*/*/*.log; do
[ -e "$kw_log" ] && { echo "== $kw_log"; tail -n 8 "$kw_log"; }
done
journalctl -u containerd --no-pager -n 5 -o cat`

/** The API server of this control plane answers, with all of its post-start hooks done. */
export const controlPlaneReady = task<Context>({
  name: 'control-plane/ready',
  summary: 'Wait for the API server',
  resources(context) {
    const { server } = localApi(context)
    return [
      gate('api-server', {
        title: 'API server',
        script: sh`[ -e /etc/kubernetes/admin.conf ] && kw_kubectl ${server} get --raw /readyz --request-timeout=5s 2>&1`,
        missing: (output) => (output.trim() === 'ok' ? undefined : (firstLine(output) ?? 'does not answer yet')),
        gate: { limit: 240, interval: 0.5, explain },
      }),
    ]
  },
})

function firstLine(output: string): string | undefined {
  const line = output.trim().split('\n').at(-1)
  return line === undefined || line === '' ? undefined : line
}
