import { inventoryWith, type WrongInput } from '../support.ts'

/** Keys and types. */
export const keys: readonly WrongInput[] = [
  {
    title: 'an unknown key is named with the nearest known one',
    text: inventoryWith(`  networkng: {}
`),
    printed: ['inventory.yaml:6:3 spec.networkng: unknown key "networkng" (KW1010)', '    did you mean "networking"?'],
  },
  {
    title: 'a wrong key of a host is found at the key',
    text: inventoryWith(`  hosts:
    - name: cp1
      adress: 192.0.2.11
      roles: [control-plane]
`),
    printed: ['inventory.yaml:8:7 spec.hosts[0].adress: unknown key "adress" (KW1010)', '    did you mean "address"?'],
  },
  {
    title: 'an unknown key that is like no other is answered by those that are known',
    text: inventoryWith(`  dns: { colour: blue }
`),
    printed: ['inventory.yaml:6:10 spec.dns.colour: unknown key "colour" (KW1010)', '    known here: replicas'],
  },
  {
    title: 'a key of spec at the top level is told where it belongs',
    text: `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: lab }
cni: {}
spec:
  kubernetesVersion: '1.37.1'
  hosts: [{ name: cp1, roles: [control-plane] }]
`,
    printed: ['inventory.yaml:4:1 cni: unknown key "cni" (KW1010)', '    move it below spec'],
  },
  {
    title: 'the unknown key version leads to kubernetesVersion',
    text: `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: lab }
spec:
  version: 1.30
  hosts: [{ name: cp1, roles: [control-plane] }]
`,
    printed: [
      'inventory.yaml:4:1 spec.kubernetesVersion: is missing (KW1011)',
      '    The Kubernetes version, exact and quoted: "1.37.1".',
      'inventory.yaml:5:3 spec.version: unknown key "version" (KW1010)',
      '    did you mean "kubernetesVersion"?',
    ],
  },
  {
    title: 'an unquoted version is explained',
    text: `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: lab }
spec:
  kubernetesVersion: 1.30
  hosts: [{ name: cp1, roles: [control-plane] }]
`,
    printed: [
      'inventory.yaml:5:22 spec.kubernetesVersion: expected a string, but YAML reads 1.30 as the number 1.3 (KW1015)',
      '    write it in quotes and with its patch version, such as "1.30.0"',
    ],
  },
  {
    title: 'a version with a v and one without a patch are refused',
    text: `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: lab }
spec:
  kubernetesVersion: v1.37
  hosts: [{ name: cp1, roles: [control-plane] }]
`,
    printed: [
      'inventory.yaml:5:22 spec.kubernetesVersion: expected an exact version such as "1.37.1", got "v1.37" (KW1014)',
      '    The Kubernetes version, exact and quoted: "1.37.1".',
    ],
  },
  {
    title: 'a version that cannot be installed is refused with those that can',
    text: `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: lab }
spec:
  kubernetesVersion: '1.30.4'
  hosts: [{ name: cp1, roles: [control-plane] }]
`,
    printed: [
      'inventory.yaml:5:22 spec.kubernetesVersion: Kubernetes 1.30.4 is not supported (KW1020)',
      '    this version of kubewright installs Kubernetes 1.36 and 1.37',
    ],
  },
  {
    title: 'a section without content is refused',
    text: inventoryWith(`  proxy:
`),
    printed: [
      'inventory.yaml:6:9 spec.proxy: expected a map, got nothing (KW1012)',
      '    give it a value, or remove the key',
    ],
  },
  {
    title: 'a file mode without quotes is explained',
    text: inventoryWith(`  scheduler:
    files: [{ source: ./a, path: /etc/kubernetes/a.yaml, mode: 0644 }]
`),
    files: { a: '' },
    printed: [
      'inventory.yaml:7:64 spec.scheduler.files[0].mode: expected a string, but YAML reads 0644 as the number 644 (KW1015)',
      '    write it in quotes: "0644"',
    ],
  },
  {
    title: 'flags and label values need strings',
    text: inventoryWith(`  apiServer: { extraArgs: { v: 4, profiling: false } }
  hosts: [{ name: cp1, roles: [control-plane], labels: { gpu: true } }]
`),
    printed: [
      'inventory.yaml:6:32 spec.apiServer.extraArgs.v: expected a string, but YAML reads 4 as a number (KW1015)',
      '    write it in quotes: "4"',
      'inventory.yaml:6:46 spec.apiServer.extraArgs.profiling: expected a string, but YAML reads false as a boolean (KW1015)',
      '    write it in quotes: "false"',
      'inventory.yaml:7:63 spec.hosts[0].labels.gpu: expected a string, but YAML reads true as a boolean (KW1015)',
      '    write it in quotes: "true"',
    ],
  },
  {
    title: 'a list where a map belongs, and the reverse',
    text: inventoryWith(`  cni: [flannel]
  dns: 2
  hosts: [{ name: cp1, roles: control-plane }]
`),
    printed: [
      'inventory.yaml:6:8 spec.cni: expected a map, got a list (KW1012)',
      '    The pod network.',
      'inventory.yaml:7:8 spec.dns: expected a map, got the number 2 (KW1012)',
      '    CoreDNS.',
      'inventory.yaml:8:31 spec.hosts[0].roles: expected a list, got the string "control-plane" (KW1012)',
      '    What the host is: a control plane, a worker, or both; or etcd alone, which then runs on such hosts only.',
    ],
  },
  {
    title: 'flags are a list or a map',
    text: inventoryWith(`  scheduler: { extraArgs: "--v=4" }
`),
    printed: [
      'inventory.yaml:6:27 spec.scheduler.extraArgs: expected a list or a map, got the string "--v=4" (KW1012)',
      '    Flags; a name that is given here replaces the default with that name.',
    ],
  },
  {
    title: 'a flag in a list needs a value',
    text: inventoryWith(`  scheduler: { extraArgs: [{ name: v }] }
`),
    printed: ['inventory.yaml:6:28 spec.scheduler.extraArgs[0].value: is missing (KW1011)', '    Its value, a string.'],
  },
  {
    title: 'a flag is named without dashes',
    text: inventoryWith(`  scheduler: { extraArgs: { --v: "4" } }
`),
    printed: [
      'inventory.yaml:6:29 spec.scheduler.extraArgs["--v"]: expected a flag\'s name without leading dashes, got "--v" (KW1014)',
      '    Flags; a name that is given here replaces the default with that name.',
    ],
  },
  {
    title: 'numbers have bounds',
    text: inventoryWith(`  dns: { replicas: 0 }
  cni: { mtu: 100, port: 70000, vni: 1.5 }
`),
    printed: [
      'inventory.yaml:6:20 spec.dns.replicas: expected a whole number from 1 to 100, got 0 (KW1014)',
      '    Number of CoreDNS pods.',
      'inventory.yaml:7:15 spec.cni.mtu: expected a whole number from 576 to 65535, got 100 (KW1014)',
      "    MTU of the pods' interfaces; by default that of the nodes' interfaces less the encapsulation's overhead.",
      'inventory.yaml:7:26 spec.cni.port: expected a whole number from 1 to 65535, got 70000 (KW1014)',
      '    UDP port of VXLAN; by default 8472 with Flannel and 4789 with Calico.',
      'inventory.yaml:7:38 spec.cni.vni: expected a whole number, got the number 1.5 (KW1012)',
      '    VXLAN network identifier; by default 1 with Flannel and 4096 with Calico.',
    ],
  },
  {
    title: 'a limit is a number or infinity',
    text: inventoryWith(`  containerd: { limitNOFILE: lots, limitMEMLOCK: [1] }
`),
    printed: [
      'inventory.yaml:6:30 spec.containerd.limitNOFILE: expected a number or "infinity", got "lots" (KW1014)',
      "    LimitNOFILE of containerd's unit.",
      'inventory.yaml:6:50 spec.containerd.limitMEMLOCK: expected a number or a string, got a list (KW1012)',
      "    LimitMEMLOCK of containerd's unit.",
    ],
  },
  {
    title: 'passwords are refused wherever they stand',
    text: inventoryWith(`  ssh: { password: x }
  containerd:
    registries: [{ host: docker.io, credentials: { username: u, password: p } }]
`),
    printed: [
      'inventory.yaml:6:10 spec.ssh.password: "password" would be a secret, and the inventory holds none (KW1017)',
      '    hosts are reached by an SSH agent or a key (identityFile) and password-less sudo',
      'inventory.yaml:8:50 spec.containerd.registries[0].credentials: expected either passwordFile or passwordEnv (KW1043)',
      '    name the one place where the password is',
      'inventory.yaml:8:65 spec.containerd.registries[0].credentials.password: "password" would be a secret, and the inventory holds none (KW1017)',
      '    name the file or the variable that holds it: passwordFile or passwordEnv',
    ],
  },
  {
    title: 'credentials name one place',
    text: inventoryWith(`  containerd:
    registries: [{ host: docker.io, credentials: { username: u, passwordFile: /dev/null, passwordEnv: P } }]
`),
    printed: [
      'inventory.yaml:7:50 spec.containerd.registries[0].credentials: expected either passwordFile or passwordEnv (KW1043)',
      '    name the one place where the password is',
    ],
  },
  {
    title: 'a URL with credentials is refused without printing them',
    text: inventoryWith(`  proxy: { http: "http://user:hunter2@proxy:3128" }
`),
    printed: [
      'inventory.yaml:6:18 spec.proxy.http: a URL with credentials is a secret, and the inventory holds none (KW1017)',
      '    remove the part before the @',
    ],
  },
]
