import { inventoryWith, type WrongInput } from '../support.ts'

/** Hosts against each other. */
export const hosts: readonly WrongInput[] = [
  {
    title: 'two hosts cannot have one name',
    text: inventoryWith(`  hosts:
    - { name: cp1, address: 192.0.2.11, roles: [control-plane] }
    - { name: cp1, address: 192.0.2.12 }
`),
    printed: [
      'inventory.yaml:8:15 spec.hosts[1].name: the name cp1 is already that of spec.hosts[0] (KW1021)',
      '    give every host its own name',
    ],
  },
  {
    title: 'two hosts cannot have one address',
    text: inventoryWith(`  hosts:
    - { name: cp1, address: 192.0.2.11, roles: [control-plane] }
    - { name: w1, address: 192.0.2.11 }
`),
    printed: [
      'inventory.yaml:8:28 spec.hosts[1].address: the address 192.0.2.11 is already that of cp1 (KW1022)',
      '    two hosts differ by address or SSH port',
    ],
  },
  {
    title: 'two spellings of an IPv6 address are one address',
    text: inventoryWith(`  networking: { podSubnets: ["fd00:10:244::/56"], serviceSubnets: ["fd00:10:96::/112"] }
  hosts:
    - { name: cp1, address: "2001:db8::1", roles: [control-plane] }
    - { name: w1, address: "2001:DB8:0::0001" }
`),
    printed: [
      'inventory.yaml:9:28 spec.hosts[1].address: the address 2001:DB8:0::0001 is already that of cp1 (KW1022)',
      '    two hosts differ by address or SSH port',
    ],
  },
  {
    title: 'two ports of one address are two hosts, but need a node IP each',
    text: inventoryWith(`  hosts:
    - { name: cp1, address: 192.0.2.11, roles: [control-plane] }
    - { name: w1, address: 192.0.2.11, ssh: { port: 2222 } }
`),
    printed: [
      'inventory.yaml:8:28 spec.hosts[1].address: the node IP 192.0.2.11 is already that of cp1 (KW1023)',
      '    set nodeIP to the address that other nodes reach',
    ],
  },
  {
    title: 'two hosts cannot have one node IP',
    text: inventoryWith(`  hosts:
    - { name: cp1, address: 192.0.2.11, nodeIP: 198.51.100.1, roles: [control-plane] }
    - { name: w1, address: 192.0.2.12, nodeIP: 198.51.100.1 }
`),
    printed: [
      'inventory.yaml:8:48 spec.hosts[1].nodeIP: the node IP 198.51.100.1 is already that of cp1 (KW1023)',
      '    give every host its own',
    ],
  },
  {
    title: 'a node IP that other nodes cannot reach is refused',
    text: inventoryWith(`  hosts:
    - { name: cp1, address: 127.0.0.1, ssh: { port: 2222 }, roles: [control-plane] }
    - { name: w1, nodeIP: 169.254.1.1 }
`),
    printed: [
      'inventory.yaml:7:29 spec.hosts[0].address: 127.0.0.1 is a loopback address, which other nodes cannot reach (KW1027)',
      '    set nodeIP to the address that other nodes reach',
      'inventory.yaml:8:27 spec.hosts[1].nodeIP: 169.254.1.1 is a link-local address, which other nodes cannot reach (KW1027)',
      '    set nodeIP to the address that other nodes reach',
    ],
  },
  {
    title: 'only one host is this machine',
    text: inventoryWith(`  hosts:
    - { name: cp1, connection: local, roles: [control-plane] }
    - { name: w1, connection: local }
`),
    printed: [
      'inventory.yaml:8:31 spec.hosts[1].connection: this machine is already cp1 (KW1028)',
      '    only one host can have connection: local',
    ],
  },
  {
    title: 'one host has to be a control plane',
    text: inventoryWith(`  hosts:
    - { name: w1 }
`),
    printed: [
      'inventory.yaml:6:3 spec.hosts: no host is a control plane (KW1024)',
      '    give one host roles: [control-plane], or [control-plane, worker] if it runs workloads too',
    ],
  },
  {
    title: 'there have to be hosts',
    text: inventoryWith(`  hosts: []
`),
    printed: ['inventory.yaml:6:10 spec.hosts: expected at least one host (KW1014)', '    The hosts of the cluster.'],
  },
  {
    title: 'a host has at least one role, and each once',
    text: inventoryWith(`  hosts:
    - { name: cp1, roles: [control-plane, control-plane] }
    - { name: w1, roles: [] }
`),
    printed: [
      'inventory.yaml:7:43 spec.hosts[0].roles[1]: control-plane is listed twice (KW1018)',
      '    remove one of the two',
      'inventory.yaml:8:26 spec.hosts[1].roles: expected at least one role (KW1014)',
      '    What the host is: a control plane, a worker, or both; or etcd alone, which then runs on such hosts only.',
    ],
  },
  {
    title: 'several control planes need an endpoint',
    text: inventoryWith(`  hosts:
    - { name: cp1, roles: [control-plane] }
    - { name: cp2, roles: [control-plane] }
    - { name: cp3, roles: [control-plane] }
`),
    printed: [
      'inventory.yaml:8:27 spec.hosts[1].roles: with several control planes nodes need a way to the API that does not depend on one of them (KW1046)',
      '    add controlPlaneEndpoint: { provider: node-local }, or the address of your load balancer',
    ],
  },
  {
    title: 'six control planes are one too many',
    text: inventoryWith(`  controlPlaneEndpoint: { provider: node-local }
  hosts:
    - { name: cp1, roles: [control-plane] }
    - { name: cp2, roles: [control-plane] }
    - { name: cp3, roles: [control-plane] }
    - { name: cp4, roles: [control-plane] }
    - { name: cp5, roles: [control-plane] }
    - { name: cp6, roles: [control-plane] }
`),
    printed: [
      'inventory.yaml:13:27 spec.hosts[5].roles: cp6 is one control plane too many: a cluster has at most 5 (KW1025)',
      '    make it a worker; three control planes survive the loss of one, five that of two',
    ],
  },
  {
    title: 'an unknown group is named with the nearest known one',
    text: inventoryWith(`  groups: { large: {} }
  hosts:
    - { name: cp1, roles: [control-plane], groups: [larg, gpu] }
`),
    printed: [
      'inventory.yaml:8:53 spec.hosts[0].groups[0]: there is no group "larg" (KW1026)',
      '    did you mean "large"?',
      'inventory.yaml:8:59 spec.hosts[0].groups[1]: there is no group "gpu" (KW1026)',
      '    groups: large',
    ],
  },
  {
    title: 'a group of an inventory without groups is unknown',
    text: inventoryWith(`  hosts:
    - { name: cp1, roles: [control-plane], groups: [gpu] }
`),
    printed: [
      'inventory.yaml:7:53 spec.hosts[0].groups[0]: there is no group "gpu" (KW1026)',
      '    spec.groups is empty',
    ],
  },
  {
    title: 'what is listed twice is found',
    text: inventoryWith(`  containerd:
    registries: [{ host: docker.io }, { host: docker.io }]
    runtimes: [{ name: gvisor, runtimeType: a }, { name: gvisor, runtimeType: b }]
  apiServer:
    extraVolumes:
      - { name: a, hostPath: /a, mountPath: /a }
      - { name: a, hostPath: /b, mountPath: /b }
  scheduler:
    extraVolumes:
      - { name: a, hostPath: /a, mountPath: /a }
      - { name: b, hostPath: /b, mountPath: /a }
  hosts:
    - name: cp1
      roles: [control-plane]
      taints: [{ key: a, effect: NoSchedule }, { key: a, effect: NoExecute }, { key: a, effect: NoSchedule }]
`),
    printed: [
      'inventory.yaml:7:39 spec.containerd.registries[1]: the registry docker.io is listed twice (KW1018)',
      '    remove one of the two',
      'inventory.yaml:8:50 spec.containerd.runtimes[1]: the runtime gvisor is listed twice (KW1018)',
      '    remove one of the two',
      'inventory.yaml:12:9 spec.apiServer.extraVolumes[1]: the volume a is listed twice (KW1018)',
      '    remove one of the two',
      'inventory.yaml:16:9 spec.scheduler.extraVolumes[1]: the mount path /a is listed twice (KW1018)',
      '    remove one of the two',
      'inventory.yaml:20:79 spec.hosts[0].taints[2]: the taint a:NoSchedule is listed twice (KW1018)',
      '    remove one of the two',
    ],
  },
  {
    title: 'one path cannot come from two files',
    text: inventoryWith(`  apiServer: { files: [{ source: a, path: /etc/kubernetes/x/a }] }
  scheduler: { files: [{ source: b, path: /etc/kubernetes/x/a }] }
`),
    files: { a: '', b: '' },
    printed: [
      'inventory.yaml:7:43 spec.scheduler.files[0].path: /etc/kubernetes/x/a is already made from a (KW1018)',
      '    give each file a path of its own',
    ],
  },
  {
    title: 'directories do not lie in one another, said once',
    text: inventoryWith(`  directories: { etcd: /var/lib/kubelet/etcd }
  hosts:
    - { name: cp1, roles: [control-plane] }
    - { name: w1 }
    - { name: w2, directories: { etcd: /data, containerd: /data } }
`),
    printed: [
      'inventory.yaml:6:16 spec.directories: the directory of etcd, /var/lib/kubelet/etcd, lies in that of kubelet, /var/lib/kubelet (KW1044)',
      '    give each a directory of its own',
      'inventory.yaml:10:32 spec.hosts[2].directories: the directory of containerd, /data, lies in that of etcd, /data (KW1044)',
      '    give each a directory of its own',
    ],
  },
]
