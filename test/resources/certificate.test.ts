import { expect, test } from 'vitest'
import { applyPlan } from '../../src/engine/apply.ts'
import { makePlan } from '../../src/engine/plan.ts'
import type { Resource } from '../../src/engine/resource.ts'
import type { ReadyChange, Target } from '../../src/engine/target.ts'
import { authorities, certificates, certificateSpec, kubeconfigs } from '../../src/pki/certificates.ts'
import { keyMatches, verifies } from '../../src/pki/read.ts'
import { authority, authorityForSigning, type AuthoritySource } from '../../src/resources/authority.ts'
import { certificate, type CertificateOptions } from '../../src/resources/certificate.ts'
import { kubeconfig } from '../../src/resources/kubeconfig.ts'
import { kubeletClient } from '../../src/resources/kubelet-client.ts'
import { Secret } from '../../src/transport/command.ts'
import { agenda, operation } from '../engine/support.ts'
import { host as pkiHost } from '../pki/fixtures.ts'
import { sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

const pki = '/etc/kubernetes/pki'
const source: AuthoritySource = { hosts: ['cp1'], algorithm: 'ECDSA-P256', validity: 864_000 }
const ca = authorities[0]!
const url = 'https://192.0.2.11:6443'
const server = certificateSpec(
  certificates.find(({ name }) => name === 'apiserver')!,
  pkiHost,
)
const rowOf = (name: string) =>
  certificateSpec(
    kubeconfigs.find((row) => row.name === name)!,
    pkiHost,
  )

/** The tasks of a control plane, as a run sees them that found this authority before it began. */
function tasks(authorityPem: string | undefined): readonly Resource[][] {
  const now = new Date()
  const options: CertificateOptions = {
    host: 'cp1',
    signer: (_name, context) => authorityForSigning(ca, source, context),
    authorityPem,
    algorithm: 'ECDSA-P256',
    validity: 86_400,
    now,
  }
  const leaves = [
    certificate(server, options),
    kubeconfig(rowOf('admin.conf'), url, options),
    kubeletClient(rowOf('kubelet.conf'), url, options),
  ]
  return [[authority(ca, source, now)], leaves] as Resource[][]
}

async function apply(host: SandboxHost, authorityPem: string | undefined, target: Target = host.target) {
  const [authorityTask = [], leaves = []] = tasks(authorityPem)
  const work = agenda(['authorities', [], { cp1: authorityTask }], ['leaves', [], { cp1: leaves }])
  const targets = new Map([['cp1', target]])
  const plan = await makePlan(work, targets)
  const result = await applyPlan({
    agenda: work,
    plan,
    targets,
    operation,
    unfinished: [],
    strict: true,
    stop: new AbortController().signal,
    emit: () => undefined,
    toSecret: (text) => new Secret(text),
    now: () => new Date(),
  })
  const changes = plan.changes.map(({ resource, change }) => `${change.verb} ${resource}`)
  return { changes, errors: result.errors.map(({ message }) => message), outcome: result.outcome }
}

async function trustedBy({ target }: SandboxHost): Promise<readonly boolean[]> {
  const text = async (path: string): Promise<string> => (await target.read(path))?.toString() ?? ''
  const admin = /client-certificate-data: (.*)/.exec(await text('/etc/kubernetes/admin.conf'))?.[1] ?? ''
  const leaves = [
    await text(`${pki}/apiserver.crt`),
    Buffer.from(admin, 'base64').toString(),
    await text('/var/lib/kubelet/pki/kubelet-client-current.pem'),
  ]
  const pem = await text(`${pki}/ca.crt`)
  return leaves.map((leaf) => verifies(leaf, pem))
}

test('with a new authority everything that the old one signed is signed anew, in the same run', async () => {
  const host = sandboxHost()
  expect(await apply(host, undefined)).toMatchObject({ outcome: 'done', errors: [] })
  expect(await trustedBy(host)).toEqual([true, true, true])
  host.remove(`${pki}/ca.crt`)
  host.remove(`${pki}/ca.key`)
  expect(await apply(host, undefined)).toEqual({
    changes: [
      'create authority:ca',
      'update certificate:apiserver',
      'update kubeconfig:/etc/kubernetes/admin.conf',
      'update kubelet-client',
    ],
    errors: [],
    outcome: 'done',
  })
  expect(await trustedBy(host)).toEqual([true, true, true])
  expect(await apply(host, host.read(`${pki}/ca.crt`))).toEqual({ changes: [], errors: [], outcome: 'done' })
})

/** As when the connection is lost with the certificate's bytes on their way. */
function withoutLastAction(change: ReadyChange): ReadyChange {
  return { ...change, actions: change.actions.slice(0, -1) }
}

test('a run that dies between a new key and its certificate leaves no pair that does not fit', async () => {
  const host = sandboxHost()
  await apply(host, undefined)
  const known = host.read(`${pki}/ca.crt`)
  host.remove(`${pki}/apiserver.key`)
  const died: Target = {
    ...host.target,
    act: async (about, changes) => host.target.act(about, changes.map(withoutLastAction)),
  }
  await apply(host, known, died)
  expect((await apply(host, known)).outcome).toBe('done')
  const [pem = '', key = ''] = ['crt', 'key'].map((end) => host.read(`${pki}/apiserver.${end}`) ?? '')
  expect(keyMatches(pem, new Secret(key))).toBe(true)
})

test('files that a power cut has left empty are made again', async () => {
  const host = sandboxHost()
  await apply(host, undefined)
  const known = host.read(`${pki}/ca.crt`)
  host.write(`${pki}/apiserver.key`, '', 0o600)
  expect((await apply(host, known)).changes).toEqual(['update certificate:apiserver'])
  const [pem = '', key = ''] = ['crt', 'key'].map((end) => host.read(`${pki}/apiserver.${end}`) ?? '')
  expect(keyMatches(pem, new Secret(key))).toBe(true)
  for (const path of ['ca.key', 'ca.crt', 'apiserver.key', 'apiserver.crt']) host.write(`${pki}/${path}`, '', 0o600)
  expect((await apply(host, undefined)).changes).toEqual([
    'create authority:ca',
    'create certificate:apiserver',
    'update kubeconfig:/etc/kubernetes/admin.conf',
    'update kubelet-client',
  ])
  expect(await trustedBy(host)).toEqual([true, true, true])
})
