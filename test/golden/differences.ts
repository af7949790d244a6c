/** Where our documents differ from the real kubeadm's, on purpose. The tests allow these and nothing else, and each has to occur. */
export interface Difference {
  /** Golden file (`config.yaml`) or API object (`ConfigMap kube-system/kubelet-config`). */
  readonly documents: readonly string[]
  /** JSON pointers, with what is below them. */
  readonly paths: readonly string[]
  /** `ours`: only we have it; `zero`: kubeadm writes Go's zero value, we leave the field out; `value`: another value. */
  readonly kind: 'ours' | 'kubeadm' | 'zero' | 'value'
  /** Only of kubeadm of this minor. */
  readonly minor?: string
  readonly reason: string
}

export const differences: readonly Difference[] = [
  {
    documents: ['config.yaml'],
    paths: [''],
    kind: 'zero',
    reason: 'A zero value means the default to the kubelet; without them a person can read the file.',
  },
  {
    documents: ['ConfigMap kube-system/kubelet-config', 'ConfigMap kube-system/kube-proxy'],
    paths: ['/data/kubelet', '/data/config.conf'],
    kind: 'zero',
    reason: 'As for config.yaml; kube-proxy takes zero values as its defaults, too.',
  },
  {
    documents: ['config.yaml'],
    paths: ['/tlsCertFile', '/tlsPrivateKeyFile'],
    kind: 'ours',
    reason: 'The serving certificate comes from the cluster CA, so that clients can verify it.',
  },
  {
    documents: ['config.yaml'],
    paths: ['/resolvConf', '/kubeReserved', '/systemReserved'],
    kind: 'ours',
    reason: "They depend on the host. kubeadm asks it for resolvConf, too, but the golden files' chroot has no init system.",
  },
  {
    documents: ['config.yaml', 'ConfigMap kube-system/kubelet-config'],
    paths: ['/podPidsLimit', '/containerLogMaxSize', '/containerLogMaxFiles', '/readOnlyPort', '/evictionHard'].flatMap(
      (path) => [path, `/data/kubelet${path}`],
    ),
    kind: 'ours',
    reason: 'Limits are written down: of processes, logs and eviction, where setting one threshold would drop the others.',
  },
  {
    documents: ['ConfigMap kube-system/kubelet-config', 'ConfigMap kube-system/kube-proxy'],
    paths: ['/metadata/annotations'],
    kind: 'kubeadm',
    reason: "Its hash says that the configuration is kubeadm's own: `kubeadm upgrade` would put its defaults in the place of ours.",
  },
  {
    documents: ['ConfigMap kube-system/kube-proxy'],
    paths: ['/data/config.conf/mode'],
    kind: 'value',
    minor: '1.36',
    reason: 'kubeadm 1.36 leaves the mode open; a later kube-proxy may choose another one.',
  },
  {
    documents: ['kubeadm-flags.env'],
    paths: ['/node-ip'],
    kind: 'ours',
    reason: 'The address of the node is a decision, not the first one that the kubelet finds (hosts with two networks).',
  },
  {
    documents: ['kube-apiserver.yaml', 'kube-scheduler.yaml'],
    paths: ['/metadata/annotations/kubewright.dev~1inputs', '/metadata/annotations'],
    kind: 'ours',
    reason: 'The digest of the files that the pod reads restarts it when one of them changes.',
  },
  {
    documents: ['etcd.yaml', 'kube-apiserver.yaml', 'kube-controller-manager.yaml', 'kube-scheduler.yaml'],
    paths: ['/initialDelaySeconds', '/periodSeconds', '/failureThreshold'].map(
      (path) => `/spec/containers/0/startupProbe${path}`,
    ),
    kind: 'value',
    reason: 'A pod that is up says so a second later, and not up to twenty, which all who join one after another wait for; the limit stays four minutes.',
  },
  {
    documents: ['kube-apiserver.yaml'],
    paths: ['/spec/containers/1/resources'],
    kind: 'zero',
    reason: 'Go adds an empty mapping to the sidecar that a patch gives.',
  },
  {
    documents: ['Deployment kube-system/coredns'],
    paths: ['/periodSeconds', '/failureThreshold'].map(
      (path) => `/spec/template/spec/containers/0/readinessProbe${path}`,
    ),
    kind: 'ours',
    reason: 'DNS is seen as ready when it is, not up to ten seconds later; it is given up as late as by the default.',
  },
  {
    documents: ['DaemonSet kube-system/kube-proxy'],
    paths: ['/spec/template/spec/containers/0/resources'],
    kind: 'zero',
    reason: 'Go adds an empty mapping.',
  },
  {
    documents: ['DaemonSet kube-system/kube-proxy'],
    paths: ['/spec/template/metadata/annotations'],
    kind: 'ours',
    reason: 'The digest of its kubeconfig makes new pods when the endpoint changes: kube-proxy does not read it again.',
  },
  {
    documents: ['ClusterRoleBinding kubeadm:cluster-admins'],
    paths: [''],
    kind: 'ours',
    reason: 'kubeadm makes it as well, but not in a dry run.',
  },
]
