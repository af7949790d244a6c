import { inventoryWith, type WrongInput } from '../support.ts'

const certificate = `-----BEGIN CERTIFICATE-----
MIIBYjCCAQigAwIBAgIUEC10x2y3JfDI0YAxvXq2RcvUFcYwCgYIKoZIzj0EAwIw
-----END CERTIFICATE-----
`

/** An etcd elsewhere. */
export const etcd: readonly WrongInput[] = [
  {
    title: 'an external etcd needs its endpoints and three files',
    text: inventoryWith(`  etcd: { external: { endpoints: [] } }
`),
    printed: [
      'inventory.yaml:6:11 spec.etcd.external.caFile: is missing (KW1011)',
      "    File (PEM, relative to the inventory) with the CA that signed the members' certificates.",
      'inventory.yaml:6:11 spec.etcd.external.certFile: is missing (KW1011)',
      '    File (PEM, relative to the inventory) with a client certificate for the API servers.',
      'inventory.yaml:6:11 spec.etcd.external.keyFile: is missing (KW1011)',
      '    File with the key of the client certificate, relative to the inventory; it is placed on the control planes alone.',
      'inventory.yaml:6:34 spec.etcd.external.endpoints: expected at least one endpoint (KW1014)',
      '    Client URLs of its members: https://10.0.0.5:2379.',
    ],
  },
  {
    title: 'endpoints of etcd are encrypted, whole and different',
    text: inventoryWith(`  etcd:
    external:
      endpoints: ['http://10.0.0.5:2379', 10.0.0.6, 'https://10.0.0.7', 'https://10.0.0.8:2379/v3']
      caFile: ca.crt
      certFile: client.crt
      keyFile: client.key
`),
    files: { 'ca.crt': certificate, 'client.crt': certificate, 'client.key': 'key' },
    printed: [
      'inventory.yaml:8:19 spec.etcd.external.endpoints[0]: expected a URL that starts with https://: the secrets of the cluster go this way, got "http://10.0.0.5:2379" (KW1014)',
      '    such as https://10.0.0.5:2379',
      'inventory.yaml:8:43 spec.etcd.external.endpoints[1]: expected the URL of a member, with its port and without a path, got "10.0.0.6" (KW1014)',
      '    such as https://10.0.0.5:2379',
      'inventory.yaml:8:53 spec.etcd.external.endpoints[2]: expected the URL of a member, with its port and without a path, got "https://10.0.0.7" (KW1014)',
      '    such as https://10.0.0.5:2379',
      'inventory.yaml:8:73 spec.etcd.external.endpoints[3]: expected the URL of a member, with its port and without a path, got "https://10.0.0.8:2379/v3" (KW1014)',
      '    such as https://10.0.0.5:2379',
    ],
  },
  {
    title: 'an etcd that runs elsewhere is not configured here, and its files are certificates',
    text: inventoryWith(`  etcd:
    extraArgs: { quota-backend-bytes: '1' }
    serverCertSANs: [etcd.example.com]
    external:
      endpoints: ['https://10.0.0.5:2379', 'https://10.0.0.5:2379']
      caFile: ca.crt
      certFile: client.pem
      keyFile: client.key
`),
    files: { 'ca.crt': 'no certificate', 'client.pem': `${certificate}-----BEGIN PRIVATE KEY-----\n` },
    printed: [
      'inventory.yaml:7:16 spec.etcd.extraArgs: extraArgs is about an etcd that runs here, and this one is external (KW1050)',
      '    remove it, and set it where that etcd runs',
      'inventory.yaml:8:21 spec.etcd.serverCertSANs: serverCertSANs is about an etcd that runs here, and this one is external (KW1050)',
      '    remove it, and set it where that etcd runs',
      'inventory.yaml:10:44 spec.etcd.external.endpoints[1]: https://10.0.0.5:2379 is listed twice (KW1018)',
      '    remove one of the two',
      'inventory.yaml:11:15 spec.etcd.external.caFile: the file ca.crt holds no certificate in PEM (KW1051)',
      "    name the file with the CA's certificate",
      'inventory.yaml:12:17 spec.etcd.external.certFile: the file client.pem holds a key, which everybody on the hosts could read there (KW1051)',
      '    name the file with the client certificate',
      'inventory.yaml:13:16 spec.etcd.external.keyFile: the file client.key does not exist (KW1040)',
      '    correct the path, or put the file there: client.key',
    ],
  },
  {
    title: 'a host of etcd is nothing else, and there is one etcd',
    text: inventoryWith(`  etcd:
    external: { endpoints: ['https://10.0.0.5:2379'], caFile: ca.crt, certFile: ca.crt, keyFile: ca.key }
  hosts:
    - { name: cp1, address: 192.0.2.11, roles: [control-plane, etcd] }
    - { name: e1, address: 192.0.2.31, roles: [etcd] }
`),
    files: { 'ca.key': 'key' },
    printed: [
      'inventory.yaml:7:63 spec.etcd.external.caFile: the file ca.crt does not exist (KW1040)',
      '    correct the path, or put the file there: ca.crt',
      'inventory.yaml:7:81 spec.etcd.external.certFile: the file ca.crt does not exist (KW1040)',
      '    correct the path, or put the file there: ca.crt',
      'inventory.yaml:9:48 spec.hosts[0].roles: cp1 is etcd and control-plane at once, but a host of etcd is no node (KW1052)',
      '    give etcd hosts of its own, or remove it: without such hosts etcd runs on the control planes',
      'inventory.yaml:10:47 spec.hosts[1].roles: e1 would run etcd, which is external (KW1053)',
      '    remove the host, or spec.etcd.external',
    ],
  },
]
