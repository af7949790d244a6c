import { inventoryWith, type WrongInput } from '../support.ts'

/** Values that are not allowed, or not yet. */
export const words: readonly WrongInput[] = [
  {
    title: 'an endpoint that is the loopback address of every node has no address of its own',
    text: inventoryWith(`  controlPlaneEndpoint: { address: api.example.com, provider: node-local }
`),
    printed: [
      'inventory.yaml:6:36 spec.controlPlaneEndpoint.address: expected no address: with node-local every node has a proxy of its own (KW1014)',
      '    remove it; names for clients elsewhere belong into apiServer.certSANs',
    ],
  },
  {
    title: 'a load balancer of the user has an address',
    text: inventoryWith(`  controlPlaneEndpoint: { port: 8443 }
`),
    printed: [
      'inventory.yaml:6:25 spec.controlPlaneEndpoint: names no address (KW1011)',
      '    set address, or provider: node-local, which needs none',
    ],
  },
  {
    title: 'a virtual IP is no name',
    text: inventoryWith(`  controlPlaneEndpoint: { address: api.example.com, provider: virtual-ip }
`),
    printed: [
      'inventory.yaml:6:36 spec.controlPlaneEndpoint.address: expected an IP address, which the control planes hold among them (KW1014)',
      '    a DNS name is for provider: external',
    ],
  },
  {
    title: 'a wrong role is named with the right ones',
    text: inventoryWith(`  hosts:
    - name: cp1
      roles: [control-plane]
    - name: w1
      roles:
        - workr
`),
    printed: [
      'inventory.yaml:11:11 spec.hosts[1].roles[0]: expected one of "control-plane", "worker", "etcd", got "workr" (KW1013)',
      '    did you mean "worker"?',
    ],
  },
  {
    title: 'an unknown provider is refused with those there are',
    text: inventoryWith(`  controlPlaneEndpoint: { address: api.example.com, provider: cloud }
`),
    printed: [
      'inventory.yaml:6:63 spec.controlPlaneEndpoint.provider: expected one of "external", "node-local", "virtual-ip", got "cloud" (KW1013)',
      '    Who makes nodes reach the API servers: "external" is you (DNS, a load balancer), "node-local" a proxy on every node that is not a control plane, "virtual-ip" keepalived on the control planes, one of which holds the address.',
    ],
  },
  {
    title: 'names are RFC 1123 names',
    text: `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: My_Lab }
spec:
  kubernetesVersion: '1.37.1'
  hosts: [{ name: CP1, roles: [control-plane] }]
`,
    printed: [
      'inventory.yaml:3:19 metadata.name: expected lower-case letters, digits and "-" (an RFC 1123 label, at most 63 characters), got "My_Lab" (KW1014)',
      "    The cluster's name.",
      'inventory.yaml:6:19 spec.hosts[0].name: expected lower-case letters, digits, "-" and "." (an RFC 1123 name, at most 63 characters), got "CP1" (KW1014)',
      "    The node's name.",
    ],
  },
  {
    title: 'addresses are addresses',
    text: inventoryWith(`  hosts:
    - { name: a, address: 192.0.2.300, roles: [control-plane] }
    - { name: b, address: "192.0.2.1:2222" }
    - { name: c, address: "-oProxyCommand=x" }
    - { name: d, nodeIP: d.example.com }
`),
    printed: [
      'inventory.yaml:7:27 spec.hosts[0].address: expected an IP address or a name, got "192.0.2.300" (KW1014)',
      '    IP address, DNS name or alias of ~/.ssh/config; the name by default.',
      'inventory.yaml:8:27 spec.hosts[1].address: expected an address without a port, got "192.0.2.1:2222" (KW1014)',
      '    write the port as ssh: { port: 2222 }',
      'inventory.yaml:9:27 spec.hosts[2].address: expected an IP address, a DNS name or an alias of ~/.ssh/config, got "-oProxyCommand=x" (KW1014)',
      '    IP address, DNS name or alias of ~/.ssh/config; the name by default.',
      'inventory.yaml:10:26 spec.hosts[3].nodeIP: expected an IP address, got "d.example.com" (KW1014)',
      '    The address that other nodes use; by default the address if it is an IP, else found on the host.',
    ],
  },
  {
    title: 'the endpoint is an address without scheme and port',
    text: inventoryWith(`  controlPlaneEndpoint: { address: "https://api.example.com:6443", port: 0 }
`),
    printed: [
      'inventory.yaml:6:36 spec.controlPlaneEndpoint.address: expected an IP address or a DNS name, without scheme and port, got "https://api.example.com:6443" (KW1014)',
      '    DNS name or IP address under which clients reach the API servers; node-local has none.',
      'inventory.yaml:6:74 spec.controlPlaneEndpoint.port: expected a whole number from 1 to 65535, got 0 (KW1014)',
      '    Port of the address; with node-local and virtual-ip the port of the API servers, too.',
    ],
  },
  {
    title: 'subject alternative names are names or addresses',
    text: inventoryWith(`  apiServer: { certSANs: ["*.example.com", "api_1", 10.0.0.256] }
`),
    printed: [
      'inventory.yaml:6:44 spec.apiServer.certSANs[1]: expected an IP address or a DNS name, got "api_1" (KW1014)',
      '    More addresses and names in the server certificate.',
    ],
  },
  {
    title: 'durations have units',
    text: inventoryWith(`  certificates: { validity: 365, caValidity: 10 years }
`),
    printed: [
      'inventory.yaml:6:29 spec.certificates.validity: expected a string, but YAML reads 365 as a number (KW1015)',
      '    write it in quotes: "365"',
      'inventory.yaml:6:46 spec.certificates.caValidity: expected a duration such as 8760h, 365d or 1y, got "10 years" (KW1014)',
      '    How long certificate authorities are valid.',
    ],
  },
  {
    title: 'host paths are absolute and plain',
    text: inventoryWith(`  directories: { etcd: data/etcd, kubelet: /var/../lib, containerd: / }
`),
    printed: [
      'inventory.yaml:6:24 spec.directories.etcd: expected an absolute path without "." or "..", trailing slash and spaces, got "data/etcd" (KW1014)',
      "    etcd's data.",
      'inventory.yaml:6:44 spec.directories.kubelet: expected an absolute path without "." or "..", trailing slash and spaces, got "/var/../lib" (KW1014)',
      "    The kubelet's root directory.",
      'inventory.yaml:6:69 spec.directories.containerd: expected an absolute path without "." or "..", trailing slash and spaces, got "/" (KW1014)',
      "    containerd's images and containers.",
    ],
  },
  {
    title: 'files are placed below /etc/kubernetes and away from what kubewright keeps there',
    text: inventoryWith(`  scheduler:
    files:
      - { source: a, path: /etc/passwd }
      - { source: a, path: /etc/kubernetes/pki/ca.crt }
      - { source: a, path: /etc/kubernetes/admin.conf }
`),
    printed: [
      'inventory.yaml:8:28 spec.scheduler.files[0].path: expected a path below /etc/kubernetes, and neither in manifests nor in pki nor a kubeconfig, got "/etc/passwd" (KW1014)',
      '    Absolute path on the control planes, below /etc/kubernetes; the pod sees it at the same path.',
      'inventory.yaml:9:28 spec.scheduler.files[1].path: expected a path below /etc/kubernetes, and neither in manifests nor in pki nor a kubeconfig, got "/etc/kubernetes/pki/ca.crt" (KW1014)',
      '    Absolute path on the control planes, below /etc/kubernetes; the pod sees it at the same path.',
      'inventory.yaml:10:28 spec.scheduler.files[2].path: expected a path below /etc/kubernetes, and neither in manifests nor in pki nor a kubeconfig, got "/etc/kubernetes/admin.conf" (KW1014)',
      '    Absolute path on the control planes, below /etc/kubernetes; the pod sees it at the same path.',
    ],
  },
  {
    title: 'labels and taints are those of Kubernetes',
    text: inventoryWith(`  hosts:
    - name: cp1
      roles: [control-plane]
      labels: { "a b": x, size: "x y" }
      taints: [{ key: dedicated, effect: NoSchedul }, { key: dedicated }]
`),
    printed: [
      'inventory.yaml:9:17 spec.hosts[0].labels["a b"]: expected a label key such as rack or example.com/rack, got "a b" (KW1014)',
      '    Labels of the node.',
      'inventory.yaml:9:33 spec.hosts[0].labels.size: expected a label value: at most 63 letters, digits, "-", "_" and ".", got "x y" (KW1014)',
      '    Labels of the node.',
      'inventory.yaml:10:42 spec.hosts[0].taints[0].effect: expected one of "NoSchedule", "PreferNoSchedule", "NoExecute", got "NoSchedul" (KW1013)',
      '    did you mean "NoSchedule"?',
      'inventory.yaml:10:55 spec.hosts[0].taints[1].effect: is missing (KW1011)',
      '    What happens to pods that do not tolerate it.',
    ],
  },
  {
    title: 'patches have the shape of their type',
    text: inventoryWith(`  etcd:
    patches:
      - { patch: text }
      - { type: json, patch: { a: 1 } }
      - { type: json, patch: [{ op: add, path: /a }, { op: move, path: /a }, { op: put }, { op: remove, path: a }] }
`),
    printed: [
      'inventory.yaml:8:18 spec.etcd.patches[0].patch: a strategic patch is a map (KW1014)',
      '    write it as a part of the object',
      'inventory.yaml:9:30 spec.etcd.patches[1].patch: a json patch is a list of operations (KW1014)',
      '    such as - { op: remove, path: /spec/x }',
      'inventory.yaml:10:31 spec.etcd.patches[2].patch[0]: the operation add needs a value (KW1014)',
      '    see RFC 6902',
      'inventory.yaml:10:54 spec.etcd.patches[2].patch[1]: the operation move needs from, a JSON pointer (KW1014)',
      '    see RFC 6902',
      'inventory.yaml:10:78 spec.etcd.patches[2].patch[2]: op is one of add, remove, replace, move, copy, test (KW1014)',
      '    see RFC 6902',
      'inventory.yaml:10:91 spec.etcd.patches[2].patch[3]: path is a JSON pointer, such as /spec/containers/0 (KW1014)',
      '    see RFC 6902',
    ],
  },
  {
    title: 'a host key is a public key or a fingerprint',
    text: inventoryWith(`  ssh: { hostKey: "MD5:00:11" }
`),
    printed: [
      'inventory.yaml:6:19 spec.ssh.hostKey: expected a public key (ssh-ed25519 AAAA...) or its fingerprint (SHA256:...), got "MD5:00:11" (KW1014)',
      '    The host key that is accepted, and no other: ssh-ed25519 AAAA... or SHA256:...',
    ],
  },
  {
    title: 'repositories have no scheme',
    text: inventoryWith(`  imageRepositories: { registry.k8s.io: "https://mirror.local/" }
`),
    printed: [
      'inventory.yaml:6:41 spec.imageRepositories["registry.k8s.io"]: expected a registry, with a path or without, without scheme and trailing slash, got "https://mirror.local/" (KW1014)',
      '    The registry or repository prefix that is used in its place.',
    ],
  },
  {
    title: 'a key in place of its path is refused without printing it',
    text: inventoryWith(`  ssh: { identityFile: "-----BEGIN OPENSSH PRIVATE KEY-----" }
`),
    printed: [
      'inventory.yaml:6:24 spec.ssh.identityFile: the content of a file stands where its path belongs (KW1017)',
      '    write it to a file',
    ],
  },
  {
    title: 'a path is one line that is not empty',
    text: inventoryWith(`  ssh: { identityFile: "" }
`),
    printed: [
      'inventory.yaml:6:24 spec.ssh.identityFile: expected a path, got "" (KW1014)',
      '    Private key, relative to the inventory; by default the agent and ~/.ssh/config decide.',
    ],
  },
  {
    title: 'a proxy names a proxy',
    text: inventoryWith(`  proxy: { noProxy: [example.com] }
`),
    printed: [
      'inventory.yaml:6:10 spec.proxy: names no proxy (KW1011)',
      '    set http, https or both, or remove proxy',
    ],
  },
]
