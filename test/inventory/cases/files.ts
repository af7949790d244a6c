import { inventoryWith, type WrongInput } from '../support.ts'

/** Files, artifacts and certificates. */
export const files: readonly WrongInput[] = [
  {
    title: 'files that the inventory names have to be there',
    text: inventoryWith(`  ssh: { identityFile: ./id_ed25519, bastion: { address: b, identityFile: ./bastion } }
  apiServer: { files: [{ source: audit.yaml, path: /etc/kubernetes/audit.yaml }] }
  containerd:
    registries:
      - host: docker.io
        mirrors: [{ url: https://mirror, ca: ca.pem }]
        credentials: { username: u, passwordFile: secret }
  groups: { far: { ssh: { identityFile: far-key } } }
  hosts:
    - { name: cp1, roles: [control-plane], ssh: { identityFile: host-key } }
`),
    printed: [
      'inventory.yaml:6:24 spec.ssh.identityFile: the file ./id_ed25519 does not exist (KW1040)',
      '    correct the path, or put the file there: id_ed25519',
      'inventory.yaml:6:75 spec.ssh.bastion.identityFile: the file ./bastion does not exist (KW1040)',
      '    correct the path, or put the file there: bastion',
      'inventory.yaml:7:34 spec.apiServer.files[0].source: the file audit.yaml does not exist (KW1040)',
      '    correct the path, or put the file there: audit.yaml',
      'inventory.yaml:11:46 spec.containerd.registries[0].mirrors[0].ca: the file ca.pem does not exist (KW1040)',
      '    correct the path, or put the file there: ca.pem',
      'inventory.yaml:12:51 spec.containerd.registries[0].credentials.passwordFile: the file secret does not exist (KW1040)',
      '    correct the path, or put the file there: secret',
      'inventory.yaml:13:41 spec.groups.far.ssh.identityFile: the file far-key does not exist (KW1040)',
      '    correct the path, or put the file there: far-key',
      'inventory.yaml:15:65 spec.hosts[0].ssh.identityFile: the file host-key does not exist (KW1040)',
      '    correct the path, or put the file there: host-key',
    ],
  },
  {
    title: 'a directory is no file, and a file that is not text is refused',
    text: inventoryWith(`  apiServer:
    files:
      - { source: audit, path: /etc/kubernetes/a }
      - { source: binary, path: /etc/kubernetes/b }
`),
    files: { binary: Uint8Array.of(255, 254), 'audit/policy.yaml': '' },
    printed: [
      'inventory.yaml:8:19 spec.apiServer.files[0].source: the file audit is a directory (KW1040)',
      '    correct the path, or put the file there: audit',
      'inventory.yaml:9:19 spec.apiServer.files[1].source: the file binary is not text in UTF-8 (KW1040)',
      '    correct the path, or put the file there: binary',
    ],
  },
  {
    title: 'a bundle needs a path',
    text: inventoryWith(`  artifacts: { source: bundle }
`),
    printed: [
      'inventory.yaml:6:24 spec.artifacts.source: the source bundle needs a path (KW1042)',
      '    name the directory of the bundle as path',
    ],
  },
  {
    title: 'a mirror needs a URL and has no path',
    text: inventoryWith(`  artifacts: { source: mirror, path: /bundle }
`),
    printed: [
      'inventory.yaml:6:24 spec.artifacts.source: the source mirror needs a url (KW1042)',
      '    name the URL below which the tree of a bundle is as url',
      'inventory.yaml:6:38 spec.artifacts.path: the source mirror has no path (KW1042)',
      '    remove it, or set source: bundle',
    ],
  },
  {
    title: 'hosts cannot pull from a bundle, and upstream has no URL',
    text: inventoryWith(`  artifacts: { source: bundle, path: /bundle, delivery: pull, url: http://x }
`),
    printed: [
      'inventory.yaml:6:57 spec.artifacts.delivery: hosts cannot pull from a bundle, which is a directory of this machine (KW1042)',
      '    remove delivery, or serve the bundle over HTTP and set source: mirror',
      'inventory.yaml:6:68 spec.artifacts.url: the source bundle has no url (KW1042)',
      '    remove it, or set source: mirror',
    ],
  },
  {
    title: 'an artifact URL is a URL',
    text: inventoryWith(`  artifacts: { source: mirror, url: mirror.local }
`),
    printed: [
      'inventory.yaml:6:37 spec.artifacts.url: expected a URL that starts with http:// or https://, got "mirror.local" (KW1014)',
      '    URL of the mirror (source "mirror").',
    ],
  },
  {
    title: 'a certificate does not outlive its authority',
    text: inventoryWith(`  certificates: { validity: 10y, caValidity: 5y }
`),
    printed: [
      'inventory.yaml:6:29 spec.certificates.validity: certificates that are valid for 10y would outlive their authorities, valid for 5y (KW1041)',
      '    make validity shorter or caValidity longer',
    ],
  },
  {
    title: 'a certificate is valid for some time',
    text: inventoryWith(`  certificates: { validity: 0h }
`),
    printed: [
      'inventory.yaml:6:29 spec.certificates.validity: expected a duration above 0 (KW1014)',
      '    such as 8760h',
    ],
  },
]
