import { expect, test } from 'vitest'
import { certificateSpec, kubeconfigs } from '../../../src/pki/certificates.ts'
import { generateKey, issueAuthority, issueCertificate } from '../../../src/pki/issue.ts'
import type { Context } from '../../../src/tasks/context.ts'
import { preflightState } from '../../../src/tasks/preflight/state.ts'
import { clusterOf, contextOf, factsOf, hostOf, nodeOf, observedOf } from '../../support/facts.ts'
import { host as pkiHost, now } from '../../pki/fixtures.ts'
import { findings, own } from './findings.ts'

const byHost = 'KUBELET_KUBEADM_ARGS="--node-ip=10.89.5.11"'
const byFlag = 'KUBELET_KUBEADM_ARGS="--hostname-override=cp1 --node-ip=10.89.5.11"'
const certificate = await certificateOf('cp1')

async function certificateOf(nodeName: string): Promise<string> {
  const key = await generateKey('ECDSA-P256')
  const row = kubeconfigs.find(({ name }) => name === 'kubelet.conf')
  if (row === undefined) throw new Error('there is no kubelet.conf')
  const ca = issueAuthority({ spec: { commonName: 'kubernetes' }, key, validitySeconds: 9e6, now })
  const spec = certificateSpec(row, { ...pkiHost, nodeName })
  return issueCertificate({ spec, authority: { certificate: ca, key }, key, validitySeconds: 1e6, now })
}

/** A host of this name in the kernel, of which the inventory knows another. */
function named(hostname: string, name = 'cp1', flags = byHost): Context {
  const facts = factsOf({ hostname, survey: { kubelet: { flags, certificate } }, state: { cluster: own } })
  const cluster = clusterOf({ hosts: [hostOf({ name })] })
  return contextOf({ cluster, facts, observed: observedOf({ api: 'up', nodes: [nodeOf('cp1')] }) })
}

function found(context: Context): readonly string[] {
  return findings(preflightState, context).map(({ check, message }) => `${check}: ${message}`)
}

test('a host that has the name it had, or is named by a flag, is the node that it was', () => {
  expect(found(named('cp1'))).toEqual([])
  expect(found(named('CP1\n'))).toEqual([])
  expect(found(named('web7', 'cp1', byFlag))).toEqual([])
})

test('a host that was renamed after it became a node is refused by both names, whether the API answers or not', () => {
  const message =
    'Hostname: the host was renamed from cp1 to web7 after it became a node, and a node keeps its name: its kubelet would ask for the node web7, which its certificate does not allow'
  expect(found(named('web7'))).toEqual([message])
  expect(found({ ...named('web7'), observed: observedOf({ api: 'unknown' }) })).toEqual([message])
  const [finding] = findings(preflightState, named('web7'))
  expect(finding).toMatchObject({ severity: 'error', final: true })
  expect(finding?.hint).toContain('hostnamectl set-hostname cp1')
})

test('a node that the inventory renames is refused while the API is down, too', () => {
  const context = named('cp1', 'web7')
  expect(found({ ...context, observed: observedOf({ api: 'unknown' }) })).toEqual([
    "NodeName: the host is the node cp1, as its kubelet's certificate says, the inventory calls it web7; apply cannot rename it",
  ])
  // Then its address in the API tells the same, among the checks of the living cluster.
  expect(found(context)).toEqual([])
})

test('a host that is no node yet, or of no cluster of ours, may have any name', () => {
  const context = named('web7')
  expect(found({ ...context, facts: factsOf({ hostname: 'web7', state: { cluster: own } }) })).toEqual([])
  const facts = { ...context.facts, state: factsOf().state }
  expect(found({ ...context, facts, fleet: new Map([['cp1', facts]]) })).toEqual([])
})
