import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { PkiError } from '../../src/pki/errors.ts'
import {
  readKubeconfig,
  renderBootstrapKubeconfig,
  renderJoinedKubeletKubeconfig,
  renderKubeconfig,
  renderKubeletKubeconfig,
} from '../../src/pki/kubeconfig.ts'
import { Secret } from '../../src/transport/command.ts'

const server = 'https://api.example.test:6443'
const admin = {
  server,
  caPem: 'CA\n',
  user: 'kubernetes-admin',
  certificatePem: 'CERTIFICATE\n',
  key: new Secret('KEY\n'),
}

test('a kubeconfig has the shape of kubeadm’s', () => {
  expect(renderKubeconfig(admin).reveal()).toBe(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0EK
    server: https://api.example.test:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: kubernetes-admin
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
kind: Config
users:
- name: kubernetes-admin
  user:
    client-certificate-data: Q0VSVElGSUNBVEUK
    client-key-data: S0VZCg==
`)
})

test('what was written is read back', () => {
  const facts = readKubeconfig(renderKubeconfig(admin).reveal())
  expect(facts).toEqual({
    clusterName: 'kubernetes',
    contextName: 'kubernetes-admin@kubernetes',
    user: 'kubernetes-admin',
    server,
    caPem: 'CA\n',
    caFile: undefined,
    certificatePem: 'CERTIFICATE\n',
    certificateFile: undefined,
    key: expect.any(Secret),
  })
  expect(facts.key?.reveal()).toBe('KEY\n')
})

test('a kubelet’s kubeconfig points to the certificate that the kubelet rotates', () => {
  const text = renderKubeletKubeconfig({ server, caPem: 'CA\n', nodeName: 'cp-1' }).reveal()
  expect(text).toContain(`
- name: system:node:cp-1
  user:
    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem
    client-key: /var/lib/kubelet/pki/kubelet-client-current.pem
`)
  expect(readKubeconfig(text)).toMatchObject({
    user: 'system:node:cp-1',
    contextName: 'system:node:cp-1@kubernetes',
    certificatePem: undefined,
    certificateFile: '/var/lib/kubelet/pki/kubelet-client-current.pem',
    key: undefined,
  })
})

test('after a TLS bootstrap it has the kubelet’s own names', () => {
  const text = renderJoinedKubeletKubeconfig({ server, caPem: 'CA\n' }).reveal()
  expect(text).toBe(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0EK
    server: https://api.example.test:6443
  name: default-cluster
contexts:
- context:
    cluster: default-cluster
    namespace: default
    user: default-auth
  name: default-context
current-context: default-context
kind: Config
users:
- name: default-auth
  user:
    client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem
    client-key: /var/lib/kubelet/pki/kubelet-client-current.pem
`)
})

test('before a TLS bootstrap it has the token', () => {
  const token = new Secret('abcdef.0123456789abcdef')
  const text = renderBootstrapKubeconfig({ server, caPem: 'CA\n', token }).reveal()
  expect(text).toContain('user:\n    token: abcdef.0123456789abcdef\n')
  expect(readKubeconfig(text).contextName).toBe('tls-bootstrap-token-user@kubernetes')
})

test('a kubeconfig never shows by accident', () => {
  const kubeconfig = renderKubeconfig(admin)
  const facts = readKubeconfig(kubeconfig.reveal())
  const shown = [String(kubeconfig), inspect(facts, { depth: 9 }), JSON.stringify(facts)].join()
  expect(shown).not.toMatch(/KEY|S0VZ/)
})

test('names that YAML 1.1 would take for something else are quoted', () => {
  const text = renderKubeconfig({ ...admin, clusterName: 'no', user: '1e3' }).reveal()
  expect(text).toContain('name: "no"')
  expect(text).toContain('user: "1e3"')
})

test('of several contexts the current one is read', () => {
  const text = `
apiVersion: v1
kind: Config
current-context: two
preferences: {}
clusters:
- { name: a, cluster: { server: "https://a:6443", certificate-authority-data: QQ== } }
- { name: b, cluster: { server: "https://b:6443", certificate-authority: /etc/kubernetes/pki/ca.crt } }
contexts:
- { name: one, context: { cluster: a, user: u } }
- { name: two, context: { cluster: b, user: v } }
users:
- { name: u, user: { token: t } }
- { name: v, user: { client-certificate: /c.crt, client-key: /c.key } }
`
  expect(readKubeconfig(text)).toMatchObject({
    server: 'https://b:6443',
    user: 'v',
    caPem: undefined,
    caFile: '/etc/kubernetes/pki/ca.crt',
    certificateFile: '/c.crt',
  })
})

test.each([
  ['', 'the kubeconfig is not a mapping'],
  ['- list', 'the kubeconfig is not a mapping'],
  ['client-key-data: "S0VZ', 'the kubeconfig is not YAML'],
  ['clusters: *nowhere', 'the kubeconfig is not YAML'],
  ['kind: Config', 'the kubeconfig has no current-context'],
  ['current-context: x', 'the kubeconfig has no context "x"'],
  ['current-context: x\ncontexts: [{ name: x, context: { user: u } }]', 'the kubeconfig has no cluster of the context'],
  [
    'current-context: x\ncontexts: [{ name: x, context: { user: u, cluster: c } }]',
    'the kubeconfig has no cluster "c"',
  ],
])('%j is a plain error that quotes no line', (text, message) => {
  expect(() => readKubeconfig(text)).toThrow(new PkiError(message))
})
