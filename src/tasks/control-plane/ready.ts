import { task } from '../../engine/task.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'

/** Why a control plane does not come up is in these places. */
const explain = sh`journalctl -u kubelet --no-pager -n 12 -o cat
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
