import { inventoryWith, type WrongInput } from '../support.ts'

/** What is not YAML, or no inventory. */
export const syntax: readonly WrongInput[] = [
  {
    title: 'a tab for indentation is found at its place',
    text: `spec:
	kubernetesVersion: 1.37.1
`,
    printed: [
      'inventory.yaml:2:1: a tab is used for indentation (KW1002)',
      '    YAML is indented by spaces only: replace each tab',
    ],
  },
  {
    title: 'tabs everywhere are one problem, without what else is wrong because of them',
    text: `spec:
  hosts:
\t- name: cp1
\t  address: 192.0.2.11
`,
    printed: [
      'inventory.yaml:3:1: a tab is used for indentation (KW1002)',
      '    YAML is indented by spaces only: replace each tab',
    ],
  },
  {
    title: 'a key that is written twice is found at its second place',
    text: `kind: Cluster
spec: {}
kind: Cluster
`,
    printed: ['inventory.yaml:3:1: the key kind is written twice (KW1003)', '    merge the two, or remove one'],
  },
  {
    title: 'a bracket that is never closed is found',
    text: `spec: [1
kind: Cluster
`,
    printed: [
      'inventory.yaml:2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ] (KW1001)',
      '    look at this line and the one before it',
    ],
  },
  {
    title: 'a quote that is never closed is found',
    text: `kind: "Cluster
`,
    printed: [
      'inventory.yaml:2:1: not valid YAML: Missing closing "quote (KW1001)',
      '    look at this line and the one before it',
    ],
  },
  {
    title: 'a second document is refused',
    text: `kind: Cluster
---
kind: Cluster
`,
    printed: [
      'inventory.yaml:2:1: the file has several YAML documents (KW1001)',
      '    an inventory is one document: remove the --- between them',
    ],
  },
  {
    title: 'an alias without its anchor is found',
    text: `kind: *.example.com
`,
    printed: [
      'inventory.yaml:1:7: there is no anchor &.example.com before *.example.com (KW1001)',
      '    to write a *, quote the text',
    ],
  },
  {
    title: 'an empty file is no inventory',
    text: ``,
    printed: [
      'inventory.yaml:1:1: the file is empty (KW1004)',
      '    an inventory starts with apiVersion: kubewright/v1alpha1',
    ],
  },
  {
    title: 'a file with only comments is no inventory',
    text: `# nothing yet
`,
    printed: [
      'inventory.yaml:1:1: the file is empty (KW1004)',
      '    an inventory starts with apiVersion: kubewright/v1alpha1',
    ],
  },
  {
    title: 'a list is no inventory',
    text: `- kind: Cluster
`,
    printed: [
      'inventory.yaml:1:1: the file holds a list, not a map (KW1004)',
      '    an inventory starts with apiVersion: kubewright/v1alpha1',
    ],
  },
  {
    title: 'another apiVersion and kind are refused with the right ones',
    text: `apiVersion: kubewright/v1
kind: cluster
metadata: { name: lab }
spec:
  kubernetesVersion: '1.37.1'
  hosts: [{ name: cp1, roles: [control-plane] }]
`,
    printed: [
      'inventory.yaml:1:13 apiVersion: expected "kubewright/v1alpha1", got "kubewright/v1" (KW1004)',
      '    did you mean "kubewright/v1alpha1"?',
      'inventory.yaml:2:7 kind: expected "Cluster", got "cluster" (KW1004)',
      '    did you mean "Cluster"?',
    ],
  },
  {
    title: 'the inventory of something else is refused as a whole',
    text: `apiVersion: v1
kind: Pod
metadata: { name: x }
spec: { containers: [] }
`,
    printed: [
      'inventory.yaml:1:13 apiVersion: expected "kubewright/v1alpha1", got "v1" (KW1004)',
      '    The version of this format.',
      'inventory.yaml:2:7 kind: expected "Cluster", got "Pod" (KW1004)',
      '    What the file describes.',
    ],
  },
  {
    title: 'all that is missing is named with what it is',
    text: `apiVersion: kubewright/v1alpha1
kind: Cluster
spec: {}
`,
    printed: [
      'inventory.yaml:1:1 metadata: is missing (KW1011)',
      '    Identity of the cluster.',
      'inventory.yaml:3:1 spec.kubernetesVersion: is missing (KW1011)',
      '    The Kubernetes version, exact and quoted: "1.37.1".',
      'inventory.yaml:3:1 spec.hosts: is missing (KW1011)',
      '    The hosts of the cluster.',
    ],
  },
  {
    title: 'a YAML merge key is an unknown key',
    text: inventoryWith(`  <<: { cni: {} }
`),
    printed: [
      'inventory.yaml:6:3 spec["<<"]: unknown key "<<" (KW1010)',
      '    known here: kubernetesVersion, controlPlaneEndpoint, networking, cni, imageRepositories, proxy, etcd, apiServer, controllerManager, scheduler, kubeProxy, dns, certificates, artifacts, preflight, ssh, directories, containerd, kubelet, selinux, firewall, groups, hosts',
    ],
  },
]
