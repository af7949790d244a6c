import { scriptFile } from '../host/script.ts'
import type { Cluster } from '../inventory/cluster.ts'
import { joinHostPort } from '../kubernetes/node.ts'
import { imagesOf } from '../kubernetes/versions.ts'
import { renderText } from '../render/template.ts'
import { type Command, sh } from '../transport/command.ts'
import { pluginOf } from './plugin.ts'
import { neighbourOf, peersOf } from './sample.ts'

/** What a check of the network is made of. */
interface Check {
  /** The API server, as a word of the shell. */
  readonly server: Command
  /** Names of the nodes that take part. */
  readonly nodes: readonly string[]
  /** Whether everything is looked at, or only what shows that the network works at all. */
  readonly extent: 'full' | 'short'
}

/** The address in the annotation that kubeadm gives to an API server, for sed. */
const ownEndpoint = String.raw`s/^ *kubeadm.kubernetes.io\/kube-apiserver.advertise-address.endpoint: *"\{0,1\}\([^" ]*\).*/\1/p`

/** A name of the internet that a cluster has a use for. */
const outsideName = 'registry.k8s.io'

/**
 * The whole check, for somebody who waits for it: runs until the namespace is gone, prints the lines that `parseReport` reads,
 * and gives up when its input ends. It needs the functions of `host/probe.sh`.
 */
export function networkCheck(cluster: Cluster, nodes: readonly string[]): Command {
  // The host's own API server: admin.conf may lead to a load balancer, which is down when this is needed most.
  const server = sh`"https://$(sed -n ${ownEndpoint} /etc/kubernetes/manifests/kube-apiserver.yaml | head -n 1)"`
  return sh`[ -s /etc/kubernetes/admin.conf ] && [ -s /etc/kubernetes/manifests/kube-apiserver.yaml ] || { echo absent; exit; }
kw_kubectl ${server} --request-timeout=10s get --raw /readyz >/dev/null 2>&1 || { echo down; exit; }
echo ready
${prepared(cluster, { server, nodes, extent: 'full' })}
kw_network_watched`
}

/**
 * The short check, as an action: it fails, and says what, if anything of it does for more than a minute. It needs the functions of
 * `host/probe.sh`.
 */
export function networkProof(cluster: Cluster, nodes: readonly string[], server: string): Command {
  return sh`${prepared(cluster, { server: sh`${server}`, nodes, extent: 'short' })}
kw_network_proven 75`
}

function prepared(cluster: Cluster, { server, nodes, extent }: Check): Command {
  const full = extent === 'full'
  const peers = full ? peersOf : neighbourOf
  const lines = nodes.map((node, index) => {
    const asked = peers(nodes, index).map((peer) => podName(nodes.indexOf(peer)))
    return [node, podName(index), ...asked].join(' ')
  })
  const [api = ''] = cluster.networking.apiServiceIPs
  const name = `kubernetes.default.svc.${cluster.networking.dnsDomain}.`
  const targets = [joinHostPort(api, 443), name, `${outsideName}.`]
  return sh`${scriptFile('check/network.sh')}
KW_SERVER=${server}
KW_OBJECTS=${objects(cluster, nodes, full)}
KW_NODES=${lines.join('\n')}
KW_PODS=${full ? nodes.length * 2 : nodes.length}
KW_LIMIT=${full ? 60 : 180}
KW_KINDS=${full ? 'pod service mtu node api dns outside facts' : 'pod service dns'}
KW_TARGETS=${targets.join(' ')}
KW_ASK=${scriptFile('check/pod.sh').text}
KW_POLICY=${full && pluginOf(cluster).policies ? renderText('check/policy.yaml', {}) : ''}
KW_WAIT=${String(full)}`
}

/** Names of nodes are too long for those of services. */
function podName(index: number): string {
  return `n${index}`
}

function objects(cluster: Cluster, nodes: readonly string[], full: boolean): string {
  return renderText('check/objects.yaml', {
    image: imagesOf(cluster).agnhost,
    nodes: nodes.map((node, index) => ({
      node,
      pod: podName(index),
      pods: [
        {
          name: podName(index),
          hostNetwork: false,
          dnsPolicy: 'ClusterFirst',
          args: ['netexec', '--http-port=8080', '--udp-port=8081'],
        },
        // It listens to nobody: it only looks from the node's own network.
        ...(full ? [{ name: `${podName(index)}-host`, hostNetwork: true, dnsPolicy: 'Default', args: ['pause'] }] : []),
      ],
    })),
  })
}
