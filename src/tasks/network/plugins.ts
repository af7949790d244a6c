import type { Change, Resource } from '../../engine/resource.ts'
import { task } from '../../engine/task.ts'
import type { Cni } from '../../inventory/cluster.ts'
import { sh } from '../../transport/command.ts'
import type { Context } from '../context.ts'
import { leaderApi } from '../control-planes.ts'

/** What a network's pod puts onto its host before it starts, and how the pod is found. */
interface Installed {
  readonly title: string
  readonly namespace: string
  readonly label: string
  /** The container that runs when the init containers have installed the files; the kubelet keeps its traces as long as the pod is there. */
  readonly container: string
  readonly paths: readonly string[]
}

const installed: Readonly<Record<Cni['name'], Installed | undefined>> = {
  flannel: {
    title: 'Flannel',
    namespace: 'kube-flannel',
    label: 'app=flannel',
    container: 'kube-flannel',
    paths: ['/opt/cni/bin/flannel', '/etc/cni/net.d/10-flannel.conflist'],
  },
  calico: {
    title: 'Calico',
    namespace: 'kube-system',
    label: 'k8s-app=calico-node',
    container: 'calico-node',
    paths: ['/opt/cni/bin/calico', '/opt/cni/bin/calico-ipam', '/etc/cni/net.d/10-calico.conflist'],
  },
  none: undefined,
}

/** The network's own plugin on the host. Its pod installs it once, when it starts; another package may delete it later. */
export const networkPlugins = task<Context>({
  name: 'network/plugins',
  summary: 'Check the plugin of the network',
  resources(context) {
    const network = installed[context.cluster.cni.name]
    return network === undefined ? [] : [plugin(network, context)]
  },
})

/** The files are back when the network's pod on this host has been replaced: only a new pod runs its init containers. */
function plugin(network: Installed, context: Context): Resource<readonly string[]> {
  const { cluster, host } = context
  const { title, namespace, label, container, paths } = network
  const pods = `${host.directories.kubelet}/pods`
  return {
    id: `plugin:${cluster.cni.name}`,
    probe: {
      // Where the pod has not been yet, it installs them when it comes.
      script: sh`for kw_ran in ${pods}/*/containers/${container}; do [ -e "$kw_ran" ] || exit 0; done
for kw_path in ${paths}; do [ -e "$kw_path" ] || echo "$kw_path"; done`,
      parse: (output) => output.split('\n').filter((line) => line !== ''),
    },
    compare(missing): Change | undefined {
      if (missing.length === 0) return undefined
      const { host: leading, server } = leaderApi(context)
      const command = sh`kw_pods() { kw_kubectl ${server} -n ${namespace} "$@" -l ${label} --field-selector ${`spec.nodeName=${host.name}`}; }
kw_pods delete pods --timeout=60s >/dev/null || exit 1
kw_until=$(($(date +%s) + 180))
while [ "$(date +%s)" -lt "$kw_until" ]; do
  if kw_pods wait pods --for=condition=Ready --timeout=10s >/dev/null 2>&1; then exit 0; fi
  sleep 1
done
echo "the pod of ${title} on ${host.name} does not become ready" >&2
exit 1`
      return {
        verb: 'restart',
        summary: `replace the pod of ${title}, which installs ${missing.join(', ')}`,
        impact: 'restart',
        actions: [{ kind: 'run', host: leading, command, undo: 'none' }],
      }
    },
  }
}
