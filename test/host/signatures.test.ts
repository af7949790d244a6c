import { expect, test } from 'vitest'
import { explain } from '../../src/host/signatures.ts'

/** Lines as programs print them, and a word of what helps. */
const known: readonly (readonly [line: string, help: string])[] = [
  ['Warning Evicted pod/x The node had conditions: [DiskPressure]', 'df -h'],
  ['write /proc/self/attr/keycreate: permission denied', 'container-selinux'],
  ['Failed to find subsystem mount for required subsystem: pids', 'kernel'],
  ['exec failed: unable to start container process: open /dev/pts/0: operation not permitted', 'Upgrade runc'],
  ['runtime: mlock of signal stack failed: 12', 'limitMEMLOCK'],
  [
    'failed to initialize top level QOS containers: error validating root container [kubelet kubepods] : cgroup ["kubelet" "kubepods"] has some missing paths: /sys/fs/cgroup/systemd/kubelet.slice/kubelet-kubepods.slice',
    'systemctl stop kubepods.slice',
  ],
  [
    'failed to do request: Head "https://registry.local/v2/": http: server gave HTTP response to HTTPS client',
    'http://',
  ],
  ['failed to resolve reference "registry.local/a:1": pull access denied: no basic auth credentials', 'credentials'],
  [
    'Failed to create pod sandbox: plugin type="bridge" failed (add): failed to set bridge addr: "cni0" already has an IP address different from 10.244.3.1/24',
    'ip link delete cni0',
  ],
  [
    'The cluster-info ConfigMap does not yet contain a JWS signature for token ID "abcdef", will try again',
    'Run apply again',
  ],
  [
    'failed to run Kubelet: unable to determine runtime API version: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing dial unix: missing address"',
    'journalctl -u containerd',
  ],
  ['open /run/systemd/resolve/resolv.conf: no such file or directory', 'resolvConf'],
  ['tls: failed to verify certificate: x509: certificate has expired or is not yet valid', 'date -u'],
  ['running with swap on is not supported, please disable swap or set --fail-swap-on flag to false', 'swap'],
  [
    'kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported and will be removed in a future release',
    'failCgroupV1',
  ],
  ['kubelet cgroup driver: "systemd" is different from docker cgroup driver: "cgroupfs"', 'systemd'],
  ['rpc error: code = Unimplemented desc = unknown service runtime.v1.RuntimeService', 'disabled_plugins'],
  ['runc: symbol lookup error: runc: undefined symbol: seccomp_notify_respond', 'static runc'],
  ['failed to find plugin "flannel" in path [/opt/cni/bin]', 'restart its pod'],
  ['Failed to pull image "docker.io/a:1": dial tcp: lookup docker.io on 10.0.0.1:53: no such host', 'DNS'],
  ['Failed to pull image "docker.io/a:1": dial tcp 1.2.3.4:443: i/o timeout', 'imageRepositories'],
  ['error setting conntrack: open /proc/sys/net/netfilter/nf_conntrack_max: permission denied', 'maxPerCore'],
  ['0/1 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }', 'worker'],
  ['0/1 nodes are available: 1 Insufficient cpu', 'CPU'],
  ['E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)', 'Wait'],
  ['curl: (60) SSL certificate problem: certificate has expired', 'ca-certificates'],
  ['curl: (28) Failed to connect to dl.k8s.io port 443: Connection timed out', 'delivery: push'],
  ['NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized', 'kube-flannel'],
  ['PLEG is not healthy: pleg was last seen active 3m5s ago', 'containerd'],
]

test.each(known)('%s is explained', (line, help) => {
  expect(explain(`something before\n${line}\nsomething after`)).toContain(help)
})

test('of a cause and its consequence the cause is named', () => {
  const output = `NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized
ErrImagePull: failed to pull image "ghcr.io/flannel-io/flannel:v0.28.4": no basic auth credentials`
  expect(explain(output)).toMatch(/^Probably an image registry wants a user and a password\. /)
})

test('what every healthy node says about itself explains nothing', () => {
  const output = `  MemoryPressure   False   KubeletHasSufficientMemory   kubelet has sufficient memory available
  DiskPressure     False   KubeletHasNoDiskPressure     kubelet has no disk pressure
  Ready            True    KubeletReady                 kubelet is posting ready status
Warning  CgroupV1  cgroup v1 detected. cgroup v1 support is deprecated and will be removed in a future release.
Warning  InvalidDiskCapacity  invalid capacity 0 on image filesystem`
  expect(explain(output)).toBeUndefined()
  expect(explain('')).toBeUndefined()
})
