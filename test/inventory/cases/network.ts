import { inventoryWith, type WrongInput } from '../support.ts'

/** Addresses inside the cluster. */
export const network: readonly WrongInput[] = [
  {
    title: 'a subnet is an address with a prefix',
    text: inventoryWith(`  networking: { podSubnets: [10.244.0.0], serviceSubnets: [10.96.0.0/33] }
`),
    printed: [
      'inventory.yaml:6:30 spec.networking.podSubnets[0]: expected a subnet, got "10.244.0.0" (KW1030)',
      '    write it as address/prefix: 10.244.0.0/16 or fd00:10:244::/56',
      'inventory.yaml:6:60 spec.networking.serviceSubnets[0]: expected a subnet, got "10.96.0.0/33" (KW1030)',
      '    write it as address/prefix: 10.244.0.0/16 or fd00:10:244::/56',
    ],
  },
  {
    title: 'host bits are zero, and the right subnet is named',
    text: inventoryWith(`  networking: { podSubnets: [10.244.3.1/16] }
`),
    printed: [
      'inventory.yaml:6:30 spec.networking.podSubnets[0]: expected a subnet whose host bits are zero, got "10.244.3.1/16" (KW1030)',
      '    the subnet with this address is 10.244.0.0/16',
    ],
  },
  {
    title: 'host bits of IPv6 too',
    text: inventoryWith(`  networking: { podSubnets: ["fd00::1/64"], serviceSubnets: ["fd01::/112"] }
`),
    printed: [
      'inventory.yaml:6:30 spec.networking.podSubnets[0]: expected a subnet whose host bits are zero, got "fd00::1/64" (KW1030)',
      '    the subnet with this address is fd00::/64',
    ],
  },
  {
    title: 'pods and services cannot overlap',
    text: inventoryWith(`  networking:
    podSubnets: [10.96.0.0/16]
`),
    printed: [
      'inventory.yaml:6:3 spec.networking.serviceSubnets[0]: the service subnet 10.96.0.0/12 overlaps the pod subnet 10.96.0.0/16 (KW1031)',
      '    pods, services and nodes need addresses of their own',
    ],
  },
  {
    title: 'a service subnet inside the pod subnet overlaps',
    text: inventoryWith(`  networking:
    podSubnets: [10.0.0.0/8]
    serviceSubnets: [10.1.0.0/16]
    nodeCIDRMaskSize: 24
`),
    printed: [
      'inventory.yaml:8:22 spec.networking.serviceSubnets[0]: the service subnet 10.1.0.0/16 overlaps the pod subnet 10.0.0.0/8 (KW1031)',
      '    pods, services and nodes need addresses of their own',
    ],
  },
  {
    title: 'hosts and the endpoint lie outside the cluster subnets',
    text: inventoryWith(`  networking: { podSubnets: [10.89.0.0/16] }
  controlPlaneEndpoint: { address: 10.96.0.1 }
  hosts:
    - { name: cp1, address: 10.89.5.11, roles: [control-plane] }
    - { name: w1, address: 192.0.2.2, nodeIP: 10.100.0.9 }
`),
    printed: [
      'inventory.yaml:7:36 spec.controlPlaneEndpoint.address: 10.96.0.1, the endpoint, is inside the service subnet 10.96.0.0/12 (KW1032)',
      '    choose other serviceSubnets under spec.networking',
      'inventory.yaml:9:29 spec.hosts[0].address: 10.89.5.11, the address of cp1, is inside the pod subnet 10.89.0.0/16 (KW1032)',
      '    choose other podSubnets under spec.networking',
      'inventory.yaml:10:47 spec.hosts[1].nodeIP: 10.100.0.9, the node IP of w1, is inside the service subnet 10.96.0.0/12 (KW1032)',
      '    choose other serviceSubnets under spec.networking',
    ],
  },
  {
    title: 'a cluster has one subnet of each family',
    text: inventoryWith(`  networking: { podSubnets: [10.244.0.0/16, 10.245.0.0/16] }
`),
    printed: [
      'inventory.yaml:6:45 spec.networking.podSubnets[1]: 10.245.0.0/16 is a second pod subnet of IPv4 (KW1034)',
      '    a cluster has one subnet of each family; make the first larger',
    ],
  },
  {
    title: 'pods and services have the same primary family',
    text: inventoryWith(`  networking: { podSubnets: [10.244.0.0/16, "fd00:10:244::/56"], serviceSubnets: ["fd00:10:96::/112", 10.96.0.0/16] }
`),
    printed: [
      'inventory.yaml:6:83 spec.networking.serviceSubnets[0]: the first service subnet is IPv6, but the first pod subnet is IPv4 (KW1034)',
      '    the families come in one order, the primary one first',
    ],
  },
  {
    title: 'services need pods of their family',
    text: inventoryWith(`  networking: { serviceSubnets: [10.96.0.0/16, "fd00:10:96::/112"] }
`),
    printed: [
      'inventory.yaml:6:48 spec.networking.serviceSubnets[1]: there is no pod subnet of IPv6, so its services could reach nothing (KW1034)',
      '    add a pod subnet of that family',
    ],
  },
  {
    title: 'node IPs are of the primary family',
    text: inventoryWith(`  networking: { podSubnets: ["fd00:10:244::/56"], serviceSubnets: ["fd00:10:96::/112"] }
`),
    printed: [
      'inventory.yaml:7:33 spec.hosts[0].address: the node IP 192.0.2.11 is not IPv6, the family of the first pod subnet (KW1034)',
      '    set nodeIP to an address of that family, or put the other pod subnet first',
    ],
  },
  {
    title: 'every host gets a part of the pod subnet',
    text: inventoryWith(`  networking: { podSubnets: [10.244.0.0/23] }
  hosts:
    - { name: cp1, roles: [control-plane] }
    - { name: w1 }
    - { name: w2 }
`),
    printed: [
      'inventory.yaml:6:30 spec.networking.podSubnets[0]: 10.244.0.0/23 has 2 parts of /24 for 3 hosts (KW1033)',
      '    use a larger pod subnet or set nodeCIDRMaskSize',
    ],
  },
  {
    title: "a node's part fits into the pod subnet",
    text: inventoryWith(`  networking: { podSubnets: [10.244.0.0/25] }
`),
    printed: [
      "inventory.yaml:6:30 spec.networking.podSubnets[0]: a node's part /24 does not fit into 10.244.0.0/25 (KW1033)",
      '    use a larger pod subnet or set nodeCIDRMaskSize',
    ],
  },
  {
    title: "a node's part is not as large as one address",
    text: inventoryWith(`  networking: { nodeCIDRMaskSize: 32 }
`),
    printed: [
      "inventory.yaml:6:35 spec.networking.nodeCIDRMaskSize: a node's part /32 leaves no address for pods (KW1033)",
      '    use at most /30',
    ],
  },
  {
    title: 'Kubernetes divides a pod subnet into at most 65536 parts',
    text: inventoryWith(`  networking: { podSubnets: ["fd00::/40"], serviceSubnets: ["fd01::/112"] }
  hosts: [{ name: cp1, roles: [control-plane] }]
`),
    printed: [
      'inventory.yaml:6:30 spec.networking.podSubnets[0]: fd00::/40 has more than 65536 parts of /64, which Kubernetes refuses (KW1033)',
      '    use at least /48 or set nodeCIDRMaskSize',
    ],
  },
  {
    title: 'the service subnet has the size that kubeadm allows',
    text: inventoryWith(`  networking: { serviceSubnets: [10.0.0.0/11] }
`),
    printed: [
      'inventory.yaml:6:34 spec.networking.serviceSubnets[0]: the service subnet 10.0.0.0/11 is too large (KW1030)',
      '    its prefix is from /12 to /28',
    ],
  },
  {
    title: 'a service subnet for a handful of services is too small',
    text: inventoryWith(`  networking: { serviceSubnets: [10.96.0.0/29] }
`),
    printed: [
      'inventory.yaml:6:34 spec.networking.serviceSubnets[0]: the service subnet 10.96.0.0/29 is too small (KW1030)',
      '    its prefix is from /12 to /28',
    ],
  },
  {
    title: 'subnets are routed',
    text: inventoryWith(`  networking: { podSubnets: [127.0.0.0/16], serviceSubnets: [169.254.0.0/16] }
`),
    printed: [
      'inventory.yaml:6:30 spec.networking.podSubnets[0]: the pod subnet 127.0.0.0/16 starts at a loopback address, which is not routed (KW1030)',
      '    use a private range, such as 10.244.0.0/16 or fd00:10:244::/56',
      'inventory.yaml:6:62 spec.networking.serviceSubnets[0]: the service subnet 169.254.0.0/16 starts at a link-local address, which is not routed (KW1030)',
      '    use a private range, such as 10.244.0.0/16 or fd00:10:244::/56',
    ],
  },
  {
    title: 'an endpoint on loopback would mean another machine on every host',
    text: inventoryWith(`  controlPlaneEndpoint: { address: 127.0.0.1 }
  hosts:
    - { name: cp1, roles: [control-plane] }
    - { name: w1 }
`),
    printed: [
      'inventory.yaml:6:36 spec.controlPlaneEndpoint.address: 127.0.0.1 is a loopback address, which means another machine on every host (KW1027)',
      '    use an address that all hosts reach, or remove controlPlaneEndpoint',
    ],
  },
  {
    title: 'a virtual IP belongs to no host',
    text: inventoryWith(`  controlPlaneEndpoint: { address: 192.0.2.11, provider: virtual-ip }
`),
    printed: [
      'inventory.yaml:6:36 spec.controlPlaneEndpoint.address: 192.0.2.11 is the address of cp1, which cannot move to another control plane (KW1027)',
      "    choose a free address of the nodes' network",
    ],
  },
  {
    title: 'a virtual IP is of the family of the nodes',
    text: inventoryWith(`  controlPlaneEndpoint: { address: 2001:db8::9, provider: virtual-ip }
`),
    printed: [
      'inventory.yaml:6:36 spec.controlPlaneEndpoint.address: the virtual address 2001:db8::9 is not IPv4, the family of the first pod subnet (KW1034)',
      '    use an address of that family',
    ],
  },
  {
    title: 'an option of another network is named with its owner',
    text: inventoryWith(`  cni: { name: calico, backend: vxlan }
`),
    printed: [
      'inventory.yaml:6:33 spec.cni.backend: backend is no option of the network calico (KW1045)',
      '    calico has encapsulation for it',
    ],
  },
  {
    title: "an MTU that Flannel's host-gw does not take",
    text: inventoryWith(`  cni: { backend: host-gw, mtu: 1400 }
`),
    printed: [
      "inventory.yaml:6:33 spec.cni.mtu: mtu has no effect with Flannel's host-gw: pods have the MTU of the interface (KW1045)",
      "    remove it, and give the hosts' interfaces the MTU that their network carries",
    ],
  },
  {
    title: 'a network of your own has no options',
    text: inventoryWith(`  cni: { name: none, mtu: 1400 }
`),
    printed: [
      'inventory.yaml:6:27 spec.cni.mtu: mtu is no option of the network none (KW1045)',
      '    remove it, or set name: flannel',
    ],
  },
  {
    title: "Calico's blocks fit into the pod subnet, one for each host",
    text: inventoryWith(`  networking: { podSubnets: [10.244.0.0/27], nodeCIDRMaskSize: 28 }
  cni: { name: calico }
`),
    printed: [
      'inventory.yaml:6:29 spec.networking.podSubnets: 10.244.0.0/27 has 0 blocks of /26 for 1 host (KW1045)',
      '    use a larger pod subnet, or smaller blocks with cni.blockSize',
    ],
  },
  {
    title: 'Calico does not see the tables of kube-proxy in the mode nftables',
    text: inventoryWith(`  cni: { name: calico }
  kubeProxy: { mode: nftables }
`),
    printed: [
      "inventory.yaml:7:22 spec.kubeProxy.mode: kube-proxy's mode nftables does not go together with Calico 3.28, which uses iptables (KW1045)",
      '    use mode: iptables',
    ],
  },
  {
    title: 'only a network of your own may take the place of kube-proxy',
    text: inventoryWith(`  kubeProxy: { mode: none }
`),
    printed: [
      'inventory.yaml:6:22 spec.kubeProxy.mode: services need kube-proxy, which flannel does not replace (KW1045)',
      '    remove mode, or bring a network that replaces it, with cni: { name: none }',
    ],
  },
]
