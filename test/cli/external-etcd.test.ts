import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { readExternalEtcd } from '../../src/cli/external-etcd.ts'
import { externalEtcdStatus } from '../../src/cli/status/external-etcd.ts'
import { readStatus } from '../../src/cli/status/read.ts'
import type { ObservedEndpoint } from '../../src/kubernetes/external-etcd.ts'
import { ForwardingRefused, type Transport } from '../../src/transport/transport.ts'
import { clusterWith, etcdPki, externalOf, seen, type EtcdPki } from '../support/external-etcd.ts'
import { hostOf, workerOf } from '../support/facts.ts'
import { sandboxHost } from '../support/sandbox-host.ts'
import { workplace } from './support.ts'

const status = {
  header: { cluster_id: '14841639068965178418', member_id: '10276657743932975437' },
  version: '3.6.8',
  dbSize: '20480',
  leader: '10276657743932975437',
}
const answers: Readonly<Record<string, unknown>> = {
  '/v3/maintenance/status': status,
  '/v3/cluster/member/list': { members: [{}, {}, {}] },
  '/v3/kv/range': { header: {} },
}

let pki: EtcdPki
let stranger: EtcdPki

beforeAll(async () => {
  pki = await etcdPki()
  stranger = await etcdPki()
})

/** A member of etcd on this machine: its client URL, and what it was asked. */
async function member(replies: Readonly<Record<string, unknown>> = answers, { server, key, ca } = pki) {
  const asked: string[] = []
  const options: ServerOptions = { cert: server, key: key.reveal(), ca, requestCert: true, rejectUnauthorized: true }
  const etcd = createServer(options, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${body}`)
      const reply = replies[request.url ?? '']
      response.writeHead(reply === undefined ? 403 : 200).end(typeof reply === 'string' ? reply : JSON.stringify(reply))
    })
  })
  etcd.listen(0, '127.0.0.1')
  await once(etcd, 'listening')
  onTestFinished(() => void etcd.close())
  return { url: `https://127.0.0.1:${(etcd.address() as AddressInfo).port}`, asked }
}

async function look(
  endpoint: string,
  { trust = pki, client = pki, transport = sandboxHost().transport, etcdPrefix = '' } = {},
): Promise<readonly ObservedEndpoint[]> {
  const keyFile = join(await workplace(), 'etcd.key')
  await writeFile(keyFile, client.key.reveal())
  const external = externalOf(trust, { endpoints: [endpoint], certificate: client.client, keyFile })
  const cluster = clusterWith(external, { hosts: [hostOf(), workerOf('w1', '10.89.5.21')] })
  const extraArgs = etcdPrefix === '' ? [] : [{ name: 'etcd-prefix', value: etcdPrefix }]
  const given = { ...cluster, apiServer: { ...cluster.apiServer, extraArgs } }
  return readExternalEtcd(
    given,
    new Map([
      ['cp1', transport],
      ['w1', transport],
    ]),
  )
}

function text(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString()
}

describe('a member of an external etcd', () => {
  test('tells what it is to each control plane, with the client certificate', async () => {
    const { url } = await member()
    expect(await look(url)).toEqual([
      {
        host: 'cp1',
        endpoint: url,
        found: {
          version: '3.6.8',
          clusterId: '14841639068965178418',
          memberId: '10276657743932975437',
          leaderId: '10276657743932975437',
          databaseSize: 20_480,
          members: Array.from({ length: 3 }, () => ({ name: '', clientURLs: [], learner: false })),
          errors: [],
          hasObjects: false,
        },
      },
    ])
  })

  test('is asked for one key below the prefix of the API server, and for nothing more', async () => {
    const { url, asked } = await member({ ...answers, '/v3/kv/range': { kvs: [{}] } })
    expect(await look(url, { etcdPrefix: '/mine' })).toMatchObject([{ found: { hasObjects: true } }])
    const range = asked.find((line) => line.startsWith('POST /v3/kv/range '))?.slice('POST /v3/kv/range '.length)
    const { key, range_end: end, ...rest } = JSON.parse(range ?? '') as Record<string, string>
    expect([text(key), text(end), rest]).toEqual(['/mine/', '/mine0', { limit: '1', keys_only: true }])
    expect(asked).toHaveLength(3)
  })

  test('that lets nobody read its keys says so', async () => {
    const { url } = await member({ ...answers, '/v3/kv/range': undefined })
    expect(await look(url)).toMatchObject([{ found: { hasObjects: undefined, version: '3.6.8' } }])
  })

  test('with a certificate of another CA is not trusted', async () => {
    const { url } = await member()
    const [view] = await look(url, { trust: { ...pki, ca: stranger.ca } })
    expect(view?.found).toMatchObject({ problem: 'tls' })
  })

  test('that does not trust our certificate is told', async () => {
    const { url } = await member()
    const [view] = await look(url, { client: stranger })
    expect(view?.found).toMatchObject({ problem: 'tls' })
  })

  test('that is no etcd is told', async () => {
    const { url } = await member({ '/v3/maintenance/status': '<html>' })
    expect(await look(url)).toMatchObject([{ found: { problem: 'answer' } }])
  })

  test('that does not listen is told', async () => {
    expect(await look('https://127.0.0.1:9')).toMatchObject([{ found: { problem: 'silent' } }])
  })

  test('is not looked at where sshd forbids it', async () => {
    const transport: Transport = {
      ...sandboxHost().transport,
      connect: () => Promise.reject(new ForwardingRefused('administratively prohibited')),
    }
    expect(await look('https://127.0.0.1:9', { transport })).toMatchObject([{ found: { problem: 'not-forwarded' } }])
  })
})

test('a key that is not that of the certificate is refused before anything is asked', async () => {
  const wrong = { ...pki, key: stranger.key }
  await expect(look('https://127.0.0.1:9', { client: wrong })).rejects.toMatchObject({ details: { code: 'KW1103' } })
})

test('without an external etcd nobody is asked', async () => {
  const { clusterOf } = await import('../support/facts.ts')
  expect(await readExternalEtcd(clusterOf(), new Map())).toEqual([])
})

test('status has one line for each endpoint, as the first that reaches it sees it', () => {
  const silent = seen({ problem: 'silent', message: 'connection refused' })
  const other = seen({ problem: 'silent', message: 'no route' }, 'https://e2:2379')
  expect(externalEtcdStatus([silent, { ...seen({ leaderId: '3' }), host: 'cp2' }, other])).toMatchObject([
    { host: '10.89.5.31:2379', healthy: true, leader: false, version: '3.6.8', problem: undefined },
    { host: 'e2:2379', healthy: false, problem: 'no route' },
  ])
})

test('status goes on without the key of the client, and says so for each endpoint', async () => {
  const external = externalOf(pki, { keyFile: '/nonexistent/etcd.key' })
  const { etcd } = await readStatus(clusterWith(external), [], new Map(), [], new Date())
  expect(etcd).toHaveLength(external.endpoints.length)
  expect(etcd[0]).toMatchObject({ healthy: false, problem: expect.stringContaining('/nonexistent/etcd.key') })
})
