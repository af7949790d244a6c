/** A line that programs print when something known is wrong: what it means, and what helps. */
interface Signature {
  readonly pattern: RegExp
  readonly meaning: string
  readonly remedy: string
}

/**
 * What an installation is known to fail with. The first that fits counts, so what names a cause stands before what only names a
 * consequence: a network that is not ready follows from almost everything.
 */
const signatures: readonly Signature[] = [
  // the host
  {
    pattern: /No space left on device|DiskPressure +True|conditions?: \[DiskPressure\]|\bEvicted\b/i,
    meaning: 'a disk of the host is full, and the kubelet takes its pods away',
    remedy: 'Free some space there (df -h shows where), then run apply again.',
  },
  {
    pattern: /Out of memory: Killed process|OOMKilled|Cannot allocate memory/i,
    meaning: 'the host has too little memory, and the kernel ended a program',
    remedy: 'Give the host more memory, or end what else runs on it.',
  },
  {
    pattern:
      /Could not get lock \/var\/lib\/(?:dpkg|apt)|Waiting for cache lock|Another app is currently holding the yum lock/i,
    meaning: 'another program installs packages on the host',
    remedy: 'Wait until it has ended (automatic upgrades take some minutes after a boot), then run apply again.',
  },
  {
    pattern: /Unable to locate package|No match for argument|Unable to find a match/i,
    meaning: "the host's package sources do not have a package that is needed",
    remedy: 'Add the source that has it (on Debian and Ubuntu the component "main", on others the base repositories).',
  },
  {
    pattern: /Temporary failure resolving|Could not resolve host|no such host/i,
    meaning: 'a name cannot be resolved from the host',
    remedy: 'Mend its DNS, set spec.proxy, or use artifacts that need no network (spec.artifacts.source: bundle).',
  },
  {
    pattern: /curl: \(60\)|certificate issuer's certificate has expired|unable to get local issuer certificate/i,
    meaning: 'the host does not trust the certificate of a download site, often because its list of authorities is old',
    remedy: "Update its ca-certificates, or add your proxy's authority to them.",
  },
  {
    pattern: /curl: \((?:5|6|7|22|28|35|56)\)/,
    meaning: 'the host could not download an artifact',
    remedy:
      'Let it reach the download site, set spec.proxy, or have artifacts sent to it (spec.artifacts.delivery: push).',
  },
  {
    pattern: /running with swap on is not supported/i,
    meaning: 'the kubelet refuses to run while swap is on',
    remedy: 'Run apply again, which switches it off; look for what brings it back (systemctl list-units "*.swap").',
  },
  {
    pattern: /required subsystem: pids|cgroup controllers? .*(?:missing|not available)|missing (?:required )?cgroups/i,
    meaning: 'the kernel does not offer a cgroup controller that the kubelet needs',
    remedy: 'Enable it on the kernel command line, or use a newer kernel.',
  },
  {
    pattern: /configured to not run on a host using cgroup v1|cgroup v1 is not supported/i,
    meaning: 'the host uses cgroup v1, and this kubelet refuses that',
    remedy: 'Boot it with cgroup v2, or set failCgroupV1: false in kubelet.config.',
  },
  {
    pattern: /too many open files|inotify_add_watch|fs\.inotify/i,
    meaning: 'the host allows too few watches of files',
    remedy: 'Raise fs.inotify.max_user_instances (to 8192, say) there.',
  },
  {
    pattern: /keycreate: permission denied/i,
    meaning: 'SELinux keeps the container runtime from starting containers',
    remedy: 'Install the policy container-selinux, or set selinux: permissive for the host.',
  },
  {
    pattern: /exec format error/i,
    meaning: 'a program is made for another architecture than the host',
    remedy: 'Use artifacts and images for its architecture (uname -m).',
  },
  // the container runtime
  {
    pattern: /open \/dev\/pts\/0: operation not permitted/i,
    meaning: 'runc 1.1.3 loses access to terminals after "systemctl daemon-reload"',
    remedy: 'Upgrade runc and recreate the pods.',
  },
  {
    pattern: /seccomp_notify_respond/,
    meaning: "runc needs a newer libseccomp than the host's",
    remedy: 'Use the static runc of its releases.',
  },
  {
    pattern: /mlock of signal stack failed|increase the mlock limit/i,
    meaning: 'containers may lock too little memory',
    remedy: 'Set containerd.limitMEMLOCK: infinity.',
  },
  {
    pattern: /oom_score_adj: permission denied|can't get final child's PID from pipe/i,
    meaning: 'the host is itself a container that may not lower the OOM score of its processes',
    remedy: 'Set containerd.restrictOomScoreAdj: true.',
  },
  {
    pattern: /unknown service runtime\.v1/i,
    meaning: "containerd's CRI plugin is switched off",
    remedy: 'Take "cri" out of disabled_plugins in its configuration, also in the files that it imports.',
  },
  {
    pattern:
      /unable to determine runtime API version|validate (?:CRI v1 )?(?:runtime|service) (?:API|connection)|dial unix .*containerd\.sock/i,
    meaning: 'the kubelet does not reach containerd',
    remedy: 'See why with: journalctl -u containerd, and compare containerd.criSocket with its configuration.',
  },
  {
    pattern: /cgroup driver: ?"?\w+"? is different from/i,
    meaning: 'the kubelet and the container runtime use different cgroup drivers',
    remedy:
      'Use systemd for both: remove cgroupDriver from kubelet.config, and SystemdCgroup from the drop-ins of containerd.',
  },
  {
    pattern: /has some missing paths/,
    meaning: 'cgroups of an earlier kubelet are in the way',
    remedy: 'On that host: systemctl stop kubepods.slice; systemctl restart kubelet (this restarts all of its pods).',
  },
  // images
  {
    pattern: /server gave HTTP response to HTTPS client/i,
    meaning: 'an image registry speaks HTTP, and containerd asks by HTTPS',
    remedy: 'Name it as a mirror with an http:// URL in containerd.registries.',
  },
  {
    pattern: /no basic auth credentials|authorization failed|pull access denied|401 Unauthorized/i,
    meaning: 'an image registry wants a user and a password',
    remedy: 'Set credentials for it in containerd.registries, or correct them.',
  },
  {
    pattern: /failed to (?:pull|resolve|get sandbox) image|ErrImagePull|ImagePullBackOff/i,
    meaning: 'an image cannot be pulled',
    remedy:
      'Let the hosts reach its registry, map it (spec.imageRepositories), or bring images along (spec.artifacts.images: artifacts).',
  },
  // the network
  {
    pattern: /"?cni0"? already has an IP address different from/i,
    meaning: 'the bridge of an earlier pod network is in the way',
    remedy: 'On that host: ip link delete cni0; it is made anew with the next pod.',
  },
  {
    pattern: /failed to find plugin .* in path|needs CNI plugin|\/opt\/cni\/bin\/\S+: no such file/i,
    meaning: 'a CNI plugin is missing on the host',
    remedy: "Run apply again; if it is Flannel's, restart its pod on that host, which installs it.",
  },
  {
    pattern: /pod cidr not assigned/i,
    meaning: 'the node has no part of the pod subnet, which may be used up',
    remedy:
      'Take a larger podSubnet or a larger nodeCIDRMaskSize for a new cluster; see the log of kube-controller-manager.',
  },
  {
    pattern:
      /(?:failed|error) (?:to )?(?:creat\w+|add\w*) (?:the )?vxlan|vxlan.*(?:file exists|address already in use|device or resource busy)/i,
    meaning: 'another VXLAN interface of the host has the same number or port',
    remedy: 'Set another vni and port in spec.cni.',
  },
  {
    pattern: /nf_conntrack\w*: (?:permission denied|read-only file system)/i,
    meaning: 'kube-proxy may not set the limits of connection tracking, since the host is a container',
    remedy: 'Set kubeProxy.config.conntrack: { maxPerCore: 0, min: 0 }.',
  },
  // the cluster
  {
    pattern: /bind: address already in use/i,
    meaning: 'another program listens on a port that the cluster needs',
    remedy: 'Find it with: ss -ltnp, and stop it or move it.',
  },
  {
    pattern: /resolv\.conf: no such file/i,
    meaning: "the kubelet's resolvConf names a file that the host does not have",
    remedy: 'Remove resolvConf from kubelet.config, so that each host gets its own.',
  },
  {
    pattern: /does not yet contain a JWS signature|invalid bearer token|token .* (?:expired|not found)/i,
    meaning: 'the token of the join is unknown or has expired',
    remedy: 'Run apply again, which makes a new one.',
  },
  {
    pattern: /is not allowed to modify node/,
    meaning: 'the kubelet has another name than its certificate',
    remedy:
      "Remove hostnameOverride and hostname-override from the kubelet's settings; a renamed host has to join anew.",
  },
  {
    pattern: /certificate has expired or is not yet valid/i,
    meaning: 'a certificate has expired, or a clock is wrong',
    remedy: 'Compare the clocks of the hosts (date -u); if they are right, run apply, which renews what has expired.',
  },
  {
    pattern: /certificate signed by unknown authority|You must be logged in to the server/i,
    meaning:
      'a certificate or kubeconfig belongs to another authority than the one that is asked, maybe of an earlier cluster',
    remedy: 'Run apply again; if that does not help, reset the host and apply.',
  },
  {
    pattern: /etcdserver: (?:mvcc: )?database space exceeded/i,
    meaning: "etcd's database has reached its limit",
    remedy: 'Compact and defragment it, then clear the alarm (etcdctl alarm disarm).',
  },
  {
    pattern:
      /etcdserver: request timed out|apply request took too long|slow fdatasync|leader failed to send out heartbeat/i,
    meaning: 'the disk of etcd is too slow, or the host has too little CPU',
    remedy: 'Give etcd a fast disk (directories.etcd) and the host more CPU, then run apply again.',
  },
  {
    pattern: /PLEG (?:is not healthy|was last seen active)/i,
    meaning: 'containerd answers the kubelet too slowly',
    remedy: 'Look for load and for thousands of ended containers there (crictl ps -a), then restart containerd.',
  },
  {
    pattern: /Insufficient (?:cpu|memory|pods|ephemeral-storage)/,
    meaning: 'no node has room for a pod',
    remedy: 'Add a worker, or give the hosts more CPU and memory.',
  },
  {
    pattern: /untolerated taint|had taint /,
    meaning: 'no node takes a pod, because of taints',
    remedy: 'Add a worker, or let a control plane take pods (taints: [] for that host).',
  },
  {
    pattern: /cni plugin not initialized|failed to load (?:the )?CNI config|NetworkPluginNotReady|NetworkReady=false/i,
    meaning: 'the pod network has not come up on a node',
    remedy: 'See the log of its pod there: kubectl -n kube-flannel logs -l app=flannel --all-containers',
  },
]

/** What known trouble an output tells of, and what helps; undefined if there is none that is known. */
export function explain(output: string): string | undefined {
  const found = signatures.find(({ pattern }) => pattern.test(output))
  return found === undefined ? undefined : `Probably ${found.meaning}. ${found.remedy}`
}
