import { readCertificate } from '../../pki/read.ts'
import type { Context } from '../context.ts'
import { refusal, type Check } from './check.ts'
import { ownership } from './ownership.ts'

const userPrefix = 'system:node:'

/** The node that the host is by its kubelet's client certificate, which needs no API; undefined if it is none. */
function nodeByCertificate({ facts }: Context): string | undefined {
  try {
    const { commonName } = readCertificate(facts.survey.kubelet.certificate).subject
    return commonName.startsWith(userPrefix) ? commonName.slice(userPrefix.length) : undefined
  } catch {
    return undefined
  }
}

/** The inventory has another name for a node. What the API says of its address is a finding of the living cluster. */
export const anotherNode: Check = (context) => {
  const { cluster, host, observed } = context
  const node = nodeByCertificate(context)
  const isTold = observed.api === 'up' && !cluster.hosts.some(({ name }) => name === node)
  if (node === undefined || node === host.name || isTold || ownership(context) !== 'ours') return []
  const message = `the host is the node ${node}, as its kubelet's certificate says, the inventory calls it ${host.name}; apply cannot rename it`
  const remedy = `Name the host ${node} in the inventory, or remove the node from the cluster first.`
  return [refusal('NodeName', message, remedy)]
}

/** A kubelet that takes its name from the host is another node's when it starts next, and its certificate does not allow that. */
export const renamedHost: Check = (context) => {
  const { host, facts } = context
  const { flags } = facts.survey.kubelet
  const now = facts.hostname.trim().toLowerCase()
  const was = nodeByCertificate(context) ?? host.name
  if (flags === '' || flags.includes('--hostname-override=') || now === was) return []
  if (ownership(context) !== 'ours') return []
  const message = `the host was renamed from ${was} to ${now} after it became a node, and a node keeps its name: its kubelet would ask for the node ${now}, which its certificate does not allow`
  const remedy = `Give it its name back ("hostnamectl set-hostname ${was}"), or take it out with "kubewright node remove ${was}" and add it by its new name.`
  return [refusal('Hostname', message, remedy)]
}
