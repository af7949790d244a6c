import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { KubewrightError } from '../engine/errors.ts'
import type { Cluster, ExternalEtcd } from '../inventory/cluster.ts'
import type { EndpointAnswer, EndpointProblem, ObservedEndpoint } from '../kubernetes/external-etcd.ts'
import { flagValue } from '../kubernetes/flags.ts'
import { keyMatches } from '../pki/read.ts'
import { abortable, deadline, isTimeout } from '../transport/abortable.ts'
import { Secret } from '../transport/command.ts'
import { askOver, type HttpRequest, type TlsClient } from '../transport/https.ts'
import { ForwardingRefused, type Transport } from '../transport/transport.ts'

/** Milliseconds in which a member answers; it is asked by all control planes at once. */
const patience = 5000

/**
 * What the control planes find at the endpoints of the external etcd, if the inventory has one. Each asks by a connection through
 * its own SSH connection, so that the way is the one of its API server, while the key does not leave this machine.
 */
export async function readExternalEtcd(
  cluster: Cluster,
  transports: ReadonlyMap<string, Transport>,
): Promise<readonly ObservedEndpoint[]> {
  const { external } = cluster.etcd
  if (external === undefined) return []
  const key = await readEtcdKey(external)
  const prefix = flagValue(cluster.apiServer.extraArgs, 'etcd-prefix') ?? '/registry'
  const askers = cluster.hosts.flatMap(({ name, roles }) => {
    const transport = roles.includes('control-plane') ? transports.get(name) : undefined
    return transport === undefined ? [] : [transport]
  })
  const asked = askers.flatMap((transport) =>
    external.endpoints.map(async (endpoint): Promise<ObservedEndpoint> => {
      const { hostname, port } = new URL(endpoint)
      const { caCertificate: ca, certificate } = external
      const host = hostname.replaceAll(/^\[|\]$/g, '')
      const client = { host, port: Number(port || 443), ca, certificate, key }
      return { host: transport.host, endpoint, found: await askEndpoint(transport, client, prefix) }
    }),
  )
  return Promise.all(asked)
}

/** The client's key for an external etcd, from its file on this machine. */
export async function readEtcdKey({ keyFile, certificate }: ExternalEtcd): Promise<Secret> {
  const key = await readFile(keyFile, 'utf8').catch((cause: unknown) => {
    throw unusable(`the key ${keyFile} cannot be read`, cause)
  })
  const secret = new Secret(key)
  if (keyMatches(certificate, secret)) return secret
  throw unusable(`${keyFile} is not the key of the certificate in certFile, or it has a passphrase`)
}

async function askEndpoint(
  transport: Transport,
  client: TlsClient,
  prefix: string,
): Promise<EndpointAnswer | EndpointProblem> {
  const limit = deadline(patience)
  const ask = async (request: HttpRequest): Promise<unknown> => {
    const { status, text } = await askOver(await open(transport, client, limit.signal), client, request, limit.signal)
    return status === 200 ? (JSON.parse(text) as unknown) : undefined
  }
  try {
    const answers = await Promise.all([
      ask({ path: '/v3/maintenance/status', body: {} }),
      ask({ path: '/v3/cluster/member/list', body: {} }),
      ask({ path: '/v3/kv/range', body: anythingBelow(prefix) }),
    ])
    return answerOf(answers)
  } catch (thrown) {
    return problemOf(thrown, client)
  } finally {
    limit.clear()
  }
}

/** The way was not opened, so nothing is known of who is there. */
class NoWay extends Error {}

async function open(transport: Transport, { host, port }: TlsClient, signal: AbortSignal) {
  const opening = transport.connect(host, port)
  // One that is opened too late is closed again.
  opening.then((stream) => signal.aborted && stream.destroy()).catch(() => undefined)
  return abortable(opening, signal).catch((cause: unknown) => {
    throw cause instanceof ForwardingRefused || signal.aborted ? cause : new NoWay(messageOf(cause), { cause })
  })
}

function problemOf(thrown: unknown, { host, port }: TlsClient): EndpointProblem {
  const message = messageOf(thrown)
  if (thrown instanceof ForwardingRefused) return { problem: 'not-forwarded', message }
  if (isTimeout(thrown) || (thrown instanceof Error && isTimeout(thrown.cause)))
    return { problem: 'silent', message: `no answer from ${host}:${port} in ${patience / 1000} s` }
  if (thrown instanceof NoWay) return { problem: 'silent', message }
  if (thrown instanceof SyntaxError) return { problem: 'answer', message: 'what answers is not etcd' }
  return { problem: 'tls', message }
}

/** OpenSSL's own words are between colons. */
function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const [, reason] = /:SSL routines:[^:]*:([^:]+):/.exec(thrown.message) ?? []
  return reason ?? thrown.message.replace(/\.$/, '')
}

/** One key below a prefix, as etcd's API for JSON takes it. */
function anythingBelow(prefix: string): object {
  // The character after the slash ends the range of what begins with it.
  return { key: base64(`${prefix}/`), range_end: base64(`${prefix}0`), limit: '1', keys_only: true }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

const digits = z.string().default('0')
const statusAnswer = z.object({
  header: z.object({ cluster_id: digits, member_id: digits }),
  version: z.string(),
  dbSize: digits,
  leader: digits,
  errors: z.array(z.string()).default([]),
})
const member = z.object({
  name: z.string().default(''),
  clientURLs: z.array(z.string()).default([]),
  isLearner: z.boolean().default(false),
})
const memberAnswer = z.object({ members: z.array(member).default([]) })
const rangeAnswer = z.object({ kvs: z.array(z.unknown()).default([]) })

function answerOf([status, members, range]: readonly unknown[]): EndpointAnswer | EndpointProblem {
  const { data } = statusAnswer.safeParse(status)
  if (data === undefined) return { problem: 'answer', message: 'it does not tell its status, as etcd does' }
  const objects = rangeAnswer.safeParse(range).data?.kvs
  return {
    version: data.version,
    clusterId: data.header.cluster_id,
    memberId: data.header.member_id,
    leaderId: data.leader,
    databaseSize: Number(data.dbSize),
    members: (memberAnswer.safeParse(members).data?.members ?? []).map(({ name, clientURLs, isLearner }) => ({
      name,
      clientURLs,
      learner: isLearner,
    })),
    errors: data.errors,
    hasObjects: objects === undefined ? undefined : objects.length > 0,
  }
}

function unusable(what: string, cause?: unknown): KubewrightError {
  return new KubewrightError({
    code: 'KW1103',
    exit: 'inventory',
    message: `Client certificate for the external etcd: ${what}`,
    hint: 'Provide it on this machine, readable and without a passphrase; nothing was changed.',
    cause,
  })
}
