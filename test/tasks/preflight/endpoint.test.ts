import { execFile } from 'node:child_process'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Finding, Resource } from '../../../src/engine/resource.ts'
import type { PlacedFile } from '../../../src/inventory/cluster.ts'
import { certificates } from '../../../src/pki/certificates.ts'
import { generateKey, issueAuthority, issueCertificate } from '../../../src/pki/issue.ts'
import { specOf } from '../../../src/tasks/control-planes.ts'
import { preflightEndpoint } from '../../../src/tasks/preflight/endpoint.ts'
import type { Context } from '../../../src/tasks/context.ts'
import { clusterOf, contextOf, factsOf, hostOf, observedOf, workerOf } from '../../support/facts.ts'

const endpoint = { address: 'api.example.com', port: 6443, provider: 'external', explicit: true } as const
const hosts = [hostOf(), hostOf({ name: 'cp2' }), workerOf('w1', '10.89.5.21')]
const cluster = clusterOf({ controlPlaneEndpoint: endpoint, hosts })
const bare = contextOf({ cluster })
const controlPlane = {
  host: 'cp1',
  hasEtcdData: true,
  etcdElsewhere: [],
  hasSuperAdmin: true,
  ledAt: 1,
  etcdMembers: undefined,
} as const
const alive = contextOf({
  cluster,
  observed: observedOf({ exists: true, api: 'up', controlPlanes: [{ ...controlPlane, apiServer: 'up' }] }),
})

function ids(context: Context): readonly string[] {
  return preflightEndpoint.resources(context).map(({ id }) => id.replace('preflight:', ''))
}

function examined(context: Context, id: string, output: string): readonly Finding[] {
  const resource = preflightEndpoint.resources(context).find((one) => one.id === `preflight:${id}`)
  return resource?.examine?.(resource.probe.parse(output)) ?? []
}

function told(context: Context, id: string, output: string): string {
  return examined(context, id, output)
    .map(({ severity, message }) => `${severity}: ${message}`)
    .join('\n')
}

test('an endpoint of the user is asked by the first control plane before there is a cluster, and by those that live after', () => {
  expect(ids(bare)).toEqual(['EndpointName', 'EndpointForwards'])
  expect(ids({ ...bare, host: hosts[2]! })).toEqual(['EndpointName'])
  expect(ids(alive)).toEqual(['EndpointName', 'EndpointAnswers'])
  expect(ids({ ...alive, host: hosts[1]! })).toEqual(['EndpointName'])
})

test('other endpoints lead where they lead by themselves', () => {
  const nodeLocal = { ...endpoint, address: '127.0.0.1', provider: 'node-local' } as const
  expect(ids(contextOf())).toEqual([])
  expect(ids(contextOf({ cluster: { ...cluster, controlPlaneEndpoint: nodeLocal } }))).toEqual([])
})

test('the name of a single control plane need not resolve: apply writes it into the hosts', () => {
  const single = contextOf({ cluster: clusterOf({ controlPlaneEndpoint: endpoint, hosts: [hostOf()] }) })
  expect(ids(single)).toEqual(['EndpointForwards'])
  expect(told(single, 'EndpointForwards', 'asked bash: line 1: api.example.com: Name or service not known')).toBe('')
})

test('with several a name that does not resolve is an error', () => {
  expect(told(bare, 'EndpointName', '10.89.5.9 api.example.com\n')).toBe('')
  expect(told(bare, 'EndpointName', '')).toBe('error: the host cannot resolve api.example.com, the endpoint')
})

describe('before the first control plane lives', () => {
  const listening = 'Listening on 10.89.5.11:6443 as 3.\n'

  test('the word of the listener proves the endpoint', () => {
    expect(told(bare, 'EndpointForwards', `${listening}proved\n`)).toBe('')
  })

  test.each([
    ['asked bash: line 1: /dev/tcp/api.example.com/6443: Connection refused', 'it refuses the connection'],
    ['asked ', 'it does not answer'],
    ['asked connected:', 'it takes the connection and says nothing'],
    ['asked connected:SSH-2.0-OpenSSH', 'something else answers there'],
  ])('%s is an error', (output, reason) => {
    expect(told(bare, 'EndpointForwards', `${listening}${output}\n`)).toBe(
      `error: the endpoint api.example.com:6443 does not lead to this host: ${reason}`,
    )
  })

  test('a load balancer that has asked the host and forwards nothing may wait for a real API server', () => {
    const output = `${listening}Connection from 10.89.5.9:5123 to 10.89.5.11:6443\nasked connected:\n`
    expect(told(bare, 'EndpointForwards', output)).toMatch(
      /^warning: .* says nothing, but a connection from 10\.89\.5\.9 came to 10\.89\.5\.11:6443$/,
    )
  })

  test('behind a firewall that is yet to be opened nothing is certain', () => {
    const units = { ufw: { active: 'active', enabled: 'enabled', fragment: '' } }
    const facts = factsOf({ survey: { units } })
    expect(told({ ...bare, facts }, 'EndpointForwards', 'asked ')).toContain('warning: ')
  })

  test('a host without the means says so', () => {
    expect(told(bare, 'EndpointForwards', 'skipped the host has no bash\n')).toBe(
      'warning: whether the endpoint api.example.com:6443 leads to this host was not tried: the host has no bash',
    )
  })

  test('a port that is taken has a finding of its own', () => {
    const listening = [{ address: '0.0.0.0', port: 6443, process: 'haproxy' }]
    expect(ids({ ...bare, facts: factsOf({ survey: { listening } }) })).toEqual(['EndpointName'])
  })
})

describe('on a living cluster', () => {
  const ok = 'answer ok\nanswer ok\nanswer ok\nnamed ok\n'

  test('an endpoint that answers each time has no finding', () => {
    expect(told(alive, 'EndpointAnswers', ok)).toBe('')
  })

  test('one that never answers is an error, with what every connection met', () => {
    const refused =
      'The connection to the server api.example.com:6443 was refused - did you specify the right host or port?'
    expect(told(alive, 'EndpointAnswers', `answer ${refused}\nanswer ${refused}\nanswer \nnamed ${refused}\n`)).toBe(
      'error: the endpoint api.example.com:6443 does not lead to the living cluster: it refuses the connection and it does not answer',
    )
    const foreign = 'answer Unable to connect to the server: x509: certificate signed by unknown authority\n'
    expect(told(alive, 'EndpointAnswers', foreign)).toContain('it leads to another cluster, or ends TLS itself')
  })

  test('a dead backend among others is told', () => {
    const output = ok.replace('answer ok', 'answer Unable to connect to the server: EOF')
    expect(told(alive, 'EndpointAnswers', output)).toBe(
      'warning: 1 of 3 connections to the endpoint api.example.com:6443 fail: it closes the connection: nobody listens where it leads',
    )
  })

  test('a certificate without the name is told; one that is not ours to change is an error', () => {
    const lacking = `${ok.replace('named ok\n', '')}named Unable to connect to the server: tls: failed to verify certificate: x509: certificate is valid for cp1, kubernetes, not api.example.com\n`
    const message = 'the certificate behind the endpoint api.example.com:6443 is not for api.example.com'
    expect(told(alive, 'EndpointAnswers', lacking)).toBe(`warning: ${message}`)
    const extraArgs = [{ name: 'tls-cert-file', value: '/etc/kubernetes/api.crt' }]
    const own = { ...alive, cluster: { ...cluster, apiServer: { ...cluster.apiServer, extraArgs } } }
    expect(told(own, 'EndpointAnswers', lacking)).toBe(`error: ${message}`)
  })

  test('one of the user that has the name, and is not shown yet, is no error', async () => {
    const path = '/etc/kubernetes/own/api.crt'
    const lacking = `${ok.replace('named ok\n', '')}named x509: certificate is valid for cp1, not api.example.com\n`
    const extraArgs = [{ name: 'tls-cert-file', value: path }]
    const given = (files: readonly PlacedFile[] = []) => ({
      ...alive,
      cluster: { ...cluster, apiServer: { ...cluster.apiServer, extraArgs, files } },
    })
    const [right, wrong] = [await certificateFor('api.example.com'), await certificateFor('cp1')]
    const common = await certificateFor('10.89.5.11', 'api.example.com') // clients do not look at it
    const wide = await certificateFor('*.example.com')
    for (const pem of [right, wide]) expect(told(given(), 'EndpointAnswers', lacking + pem)).toMatch(/^warning: /)
    for (const pem of [wrong, common]) expect(told(given(), 'EndpointAnswers', lacking + pem)).toMatch(/^error: /)
    const placed = (pem: string) => [{ path, mode: 0o600, content: pem }]
    expect(told(given(placed(right)), 'EndpointAnswers', lacking)).toMatch(/^warning: /)
    expect(told(given(placed(wrong)), 'EndpointAnswers', lacking + right)).toMatch(/^error: /)
  })
})

describe('the listener', () => {
  test('answers through the endpoint and is gone afterwards', async () => {
    const port = await freePort()
    const { outcome } = await forwards(port, port)
    expect(outcome).toBe('proved')
    expect(await freePort(port)).toBe(port)
  })

  test('is not what answers where the endpoint leads elsewhere', async () => {
    const elsewhere = createServer((socket) => socket.end('something else\n'))
    const there = await listen(elsewhere)
    const { outcome, reason } = await forwards(there, await freePort(), 1)
    elsewhere.close()
    expect([outcome, reason]).toEqual(['failed', 'something else answers there'])
  })
})

/** A certificate for this name. */
async function certificateFor(name: string, commonName = 'someone'): Promise<string> {
  const key = await generateKey('ECDSA-P256')
  const validity = { validitySeconds: 86_400, now: new Date() }
  const certificate = issueAuthority({ spec: { commonName: 'theirs' }, key, ...validity })
  return issueCertificate({
    spec: { ...specOf(certificates[0]!, bare), commonName, sans: [name] },
    authority: { certificate, key },
    key,
    ...validity,
  })
}

/** Runs the real script on loopback. */
async function forwards(port: number, listenPort: number, seconds?: number) {
  const controlPlaneEndpoint = { ...endpoint, address: '127.0.0.1', port }
  const extraArgs = [{ name: 'secure-port', value: String(listenPort) }]
  const apiServer = { ...cluster.apiServer, extraArgs }
  const facts = factsOf({ nodeIP: '127.0.0.1' })
  const context = contextOf({ cluster: clusterOf({ controlPlaneEndpoint, apiServer }), facts })
  const [resource] = preflightEndpoint.resources(context) as readonly Resource<{ outcome: string; reason: string }>[]
  const script = resource!.probe.script.text
  const text = seconds === undefined ? script : script.replace(/ \d+$/, ` ${seconds}`)
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `(${text}\n) 2>/dev/null; true`])
  return resource!.probe.parse(stdout)
}

async function freePort(wanted = 0): Promise<number> {
  const server = createServer()
  const port = await listen(server, wanted)
  await new Promise((resolve) => server.close(resolve))
  return port
}

function listen(server: Server, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
