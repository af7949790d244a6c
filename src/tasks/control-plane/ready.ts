import { task } from '../../engine/task.ts'
import { apiServerPort } from '../../kubernetes/node.ts'
import { gate } from '../../resources/gate.ts'
import { kubeletContact } from '../../resources/kubelet-contact.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { localApi } from '../control-planes.ts'
import { kubeletInputs } from '../kubelet/service.ts'

/** What the kubelet says again and again as long as there is no API server. */
const everySecond = 'Unable to register mirror pod|node \\\\?".*" not found'

/** Why a control plane does not come up is in these places. */
const explain = sh`journalctl -u kubelet --no-pager -n 400 -o cat | grep -vE ${everySecond} | tail -n 12
for kw_log in /var/log/pods/kube-system_etcd-*/*/*.log /var/log/pods/kube-system_kube-apiserver-*/*/*.log; do
[ -e "$kw_log" ] && { echo "== $kw_log"; tail -n 8 "$kw_log"; }
done
journalctl -u containerd --no-pager -n 5 -o cat`

/** The API server of this control plane answers, with all of its post-start hooks done, and its kubelet asks it. */
export const controlPlaneReady = task<Context>({
  name: 'control-plane/ready',
  summary: 'Wait for the API server',
  resources(context) {
    const { server } = localApi(context)
    return [
      gate('api-server', {
        title: 'API server',
        script: sh`[ -e /etc/kubernetes/admin.conf ] && kw_listens ${apiServerPort(context.cluster)} && kw_kubectl ${server} get --raw /readyz --request-timeout=5s 2>&1`,
        missing: notReady,
        gate: { limit: 240, interval: 0.5, explain },
      }),
      ...(isNew(context) ? [contactOf(context)] : []),
    ]
  },
})

/** Whether the kubelet has waited for the API server of its host, as far as a plan can tell. */
function isNew({ host, observed }: Context): boolean {
  const { apiServer } = observed.controlPlanes.find((one) => one.host === host.name) ?? { apiServer: 'absent' }
  if (apiServer === 'absent') return true
  return observed.api === 'up' && !observed.nodes.some(({ name }) => name === host.name)
}

function contactOf(context: Context) {
  return kubeletContact({ node: context.host.name, api: localApi(context), inputs: kubeletInputs(context) })
}

/**
 * The controllers work: one of them has published the authority. A kubelet that joins earlier, before anybody signs its
 * certificate, asks the API for everything in vain, and then more and more seldom.
 */
export const controllersReady = task<Context>({
  name: 'control-plane/controllers-ready',
  summary: 'Wait for the controllers',
  resources(context) {
    const { server } = localApi(context)
    return [
      gate('controllers', {
        title: 'controller manager',
        script: sh`[ -e /etc/kubernetes/admin.conf ] && kw_kubectl ${server} -n kube-system get configmap kube-root-ca.crt -o name --request-timeout=5s`,
        missing: (output) => (output.trim() === '' ? 'its controllers do not work yet' : undefined),
        gate: {
          limit: 120,
          interval: 0.5,
          explain: sh`for kw_log in /var/log/pods/kube-system_kube-controller-manager-*/*/*.log; do
[ -e "$kw_log" ] && { echo "== $kw_log"; tail -n 12 "$kw_log"; }
done
journalctl -u kubelet --no-pager -n 5 -o cat`,
        },
      }),
    ]
  },
})

/** What is missing while an API server does not say `ok` of its `/readyz`: what kubectl said last. */
export function notReady(output: string): string | undefined {
  const said = output.trim()
  return said === 'ok' ? undefined : said.split('\n').at(-1) || 'does not answer yet'
}
