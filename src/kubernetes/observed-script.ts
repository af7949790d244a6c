import { filesSection, section } from '../host/facts-sections.ts'
import { scriptFile } from '../host/script.ts'
import type { Cluster, Host } from '../inventory/cluster.ts'
import { lines, sh, type Command } from '../transport/command.ts'
import { etcdLogDirectory } from './component-flags.ts'
import { networkAnnotation } from './network.ts'
import { manifestsDirectory as manifests, pkiDirectory as pki } from './node.ts'
import { authorityNames, proofRecord, superAdminKubeconfig } from './observed-paths.ts'

export { parseObserved } from './observed-parse.ts'

const apiServer = `${manifests}/kube-apiserver.yaml`
const adminKubeconfig = '/etc/kubernetes/admin.conf'

/** One line for each node and DaemonSet; a reader of the whole objects would get their images and managed fields, too. */
const columns = [
  '{.kind}',
  '{.metadata.name}',
  '{.status.nodeInfo.kubeletVersion}',
  '{.status.conditions[?(@.type=="Ready")].status}',
  '{.status.addresses[?(@.type=="InternalIP")].address}',
  '{.spec.podCIDRs}',
  '{.spec.unschedulable}',
  '{.metadata.labels}',
  `{.metadata.annotations.${networkAnnotation.replaceAll('.', String.raw`\.`)}}`,
]
const jsonPath = `jsonpath={range .items[*]}${columns.join('{"\\t"}')}{"\\n"}{end}`

/**
 * Reads a control plane's view of the cluster: public certificates, which keys exist, and the API if it answers. It is appended
 * to the script of the facts. Nothing is written: kubectl gets no place for a cache.
 */
export function observedScript(host: Host, cluster: Pick<Cluster, 'etcd'>): Command {
  const body = lines(
    sh`set +eu
LC_ALL=C
PATH=$PATH:/usr/local/bin:/usr/bin:/bin
HOME=/nonexistent
NO_PROXY='*'
no_proxy='*'
KUBECTL_KUBERC=false
export LC_ALL PATH HOME NO_PROXY no_proxy KUBECTL_KUBERC`,
    filesSection(
      'observed.public',
      [...authorityNames.map((name) => `${name}.crt`), 'sa.pub'].map((name) => `${pki}/${name}`),
    ),
    section(
      'observed.paths',
      sh`for path in ${authorityNames.map((name) => `${pki}/${name}.key`)} ${apiServer} ${superAdminKubeconfig}
do if [ -s "$path" ]; then printf '%s\n' "$path"; fi; done
if [ -n "$(ls ${etcdLogDirectory(cluster, host)})" ]; then printf '%s\n' ${host.directories.etcd}/member; fi`,
    ),
    section(
      'observed.flags',
      sh`grep -HoE '(image: *|--secure-port=|--etcd-servers=|--service-cluster-ip-range=|--service-account-issuer=|--cluster-cidr=)[^ "]+' ${apiServer} ${manifests}/kube-controller-manager.yaml`,
    ),
    section('observed.led', sh`stat -c %Y ${proofRecord}`),
    section('observed.etcd', etcdScript(host)),
    sh`if [ -s ${apiServer} ] && [ -s ${adminKubeconfig} ] && command -v kubectl >/dev/null; then
${apiScript}
fi`,
  )
  return sh`( ${body}
) </dev/null 2>/dev/null`
}

/**
 * Three questions at once, each in a process of its own; a pipe holds the answer of one until the one before it is printed.
 * The control plane's own API server is asked, by the address that it advertises: the endpoint of admin.conf may be another's.
 */
const apiScript = sh`endpoint=
while IFS=' "' read -r key value _; do
  case $key in *kube-apiserver.advertise-address.endpoint:) endpoint=$value; break ;; esac
done <${apiServer}
ask() {
  if [ -n "$endpoint" ]; then set -- --server "https://$endpoint" "$@"; fi
  timeout 6 kubectl --kubeconfig ${adminKubeconfig} --cache-dir /dev/null/none --request-timeout 3s "$@" </dev/null
}
{ ask get nodes,daemonsets.apps --all-namespaces --output ${jsonPath} && printf 'complete\n'; } | {
  ask get --raw /version | {
    ${section('observed.configuration', sh`ask get --raw /api/v1/namespaces/kube-system/configmaps/kubeadm-config`)}
    ${section('observed.version', sh`cat`)}
  }
  ${section('observed.objects', sh`cat`)}
}`

/** The member of this very host is asked: whether all say the same is of interest, too. */
function etcdScript({ directories }: Host): Command {
  return sh`if [ -d ${directories.etcd}/member ] && [ -s ${pki}/etcd/healthcheck-client.crt ] && command -v etcdctl >/dev/null; then
${scriptFile('etcd/client.sh')}
kw_etcdctl 4 https://127.0.0.1:2379,https://[::1]:2379 --dial-timeout 2s --command-timeout 3s member list
fi`
}
