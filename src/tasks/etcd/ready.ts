import { task } from '../../engine/task.ts'
import { etcdClientURL } from '../../kubernetes/component-flags.ts'
import { etcdFunctions } from '../../kubernetes/etcd-members.ts'
import { gate } from '../../resources/gate.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'

/** Why a member does not come up is in these places. */
const explain = sh`journalctl -u kubelet --no-pager -n 12 -o cat
for kw_log in /var/log/pods/kube-system_etcd-*/*/*.log; do [ -e "$kw_log" ] && tail -n 12 "$kw_log"; done
journalctl -u containerd --no-pager -n 5 -o cat`

/** The member of this host answers, and has a leader. */
export const etcdReady = task<Context>({
  name: 'etcd/ready',
  summary: 'Wait for etcd',
  resources: ({ facts }) => [
    gate('etcd', {
      title: 'etcd',
      script: sh`${etcdFunctions}
command -v etcdctl >/dev/null && kw_etcd ${etcdClientURL(facts.nodeIP)} endpoint health 2>&1`,
      missing: (output) => (/ is healthy: /.test(output) ? undefined : 'does not answer yet'),
      gate: { limit: 240, interval: 0.5, explain },
    }),
  ],
})
