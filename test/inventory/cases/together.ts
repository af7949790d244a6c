import { inventoryWith, type WrongInput } from '../support.ts'

/** Several things at once. */
export const together: readonly WrongInput[] = [
  {
    title: 'problems of all kinds are reported in one run, in the order of the file',
    text: inventoryWith(`  colour: blue
  networking: { podSubnets: [10.244.0.0/16], serviceSubnets: [10.244.0.0/20] }
  apiServer: { files: [{ source: missing, path: /etc/kubernetes/a }] }
  hosts:
    - { name: cp1, address: 192.0.2.11, role: [control-plane] }
    - { name: cp1, address: 192.0.2.12 }
    - { name: w1, address: 192.0.2.12 }
`),
    printed: [
      'inventory.yaml:6:3 spec.colour: unknown key "colour" (KW1010)',
      '    known here: kubernetesVersion, controlPlaneEndpoint, networking, cni, imageRepositories, proxy, etcd, apiServer, controllerManager, scheduler, kubeProxy, dns, certificates, artifacts, preflight, ssh, directories, containerd, kubelet, selinux, firewall, groups, hosts',
      'inventory.yaml:7:63 spec.networking.serviceSubnets[0]: the service subnet 10.244.0.0/20 overlaps the pod subnet 10.244.0.0/16 (KW1031)',
      '    pods, services and nodes need addresses of their own',
      'inventory.yaml:8:34 spec.apiServer.files[0].source: the file missing does not exist (KW1040)',
      '    correct the path, or put the file there: missing',
      'inventory.yaml:10:41 spec.hosts[0].role: unknown key "role" (KW1010)',
      '    did you mean "roles"?',
      'inventory.yaml:11:15 spec.hosts[1].name: the name cp1 is already that of spec.hosts[0] (KW1021)',
      '    give every host its own name',
      'inventory.yaml:12:28 spec.hosts[2].address: the address 192.0.2.12 is already that of cp1 (KW1022)',
      '    two hosts differ by address or SSH port',
    ],
  },
  {
    title: 'a fault does not lead to false conclusions',
    text: inventoryWith(`  groups: { gpu: { lables: {} } }
  networking: { podSubnets: [10.244.0.0/99] }
  artifacts: { source: bundel, path: /x }
  certificates: { validity: 20y, caValidity: 30 }
  hosts:
    - { name: cp1, address: 10.244.0.1, roles: [control-plain] }
    - { name: w1, address: 192.0.2.12, groups: [gpu] }
`),
    printed: [
      'inventory.yaml:6:20 spec.groups.gpu.lables: unknown key "lables" (KW1010)',
      '    did you mean "labels"?',
      'inventory.yaml:7:30 spec.networking.podSubnets[0]: expected a subnet, got "10.244.0.0/99" (KW1030)',
      '    write it as address/prefix: 10.244.0.0/16 or fd00:10:244::/56',
      'inventory.yaml:8:24 spec.artifacts.source: expected one of "upstream", "mirror", "bundle", got "bundel" (KW1013)',
      '    did you mean "bundle"?',
      'inventory.yaml:9:46 spec.certificates.caValidity: expected a string, but YAML reads 30 as a number (KW1015)',
      '    write it in quotes: "30"',
      'inventory.yaml:11:49 spec.hosts[0].roles[0]: expected one of "control-plane", "worker", "etcd", got "control-plain" (KW1013)',
      '    did you mean "control-plane"?',
    ],
  },
  {
    title: 'a fault that hides a whole section leaves the rest to the next run',
    text: inventoryWith(`  hosts:
    - { address: 192.0.2.11, roles: [control-plane] }
    - { name: w1, address: 192.0.2.11 }
`),
    printed: ['inventory.yaml:7:7 spec.hosts[0].name: is missing (KW1011)', "    The node's name."],
  },
]
