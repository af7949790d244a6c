import { expect, test } from 'vitest'
import type { Services } from '../../src/cli/services.ts'
import type { Session, Transport } from '../../src/transport/transport.ts'
import { call, workplace } from './support.ts'

/** A control plane whose check prints these lines. */
function saying(...lines: readonly string[]): Partial<Services> {
  const rest = [...lines]
  const session: Session = {
    write: () => undefined,
    line: async () => rest.shift(),
    ended: Promise.resolve(),
    end: () => undefined,
  }
  const transport: Transport = {
    host: 'cp1',
    exec: async () => ({ code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }),
    open: async () => session,
    connect: () => Promise.reject(new Error('nothing is asked')),
    traffic: { executions: 0, bytesSent: 0, bytesReceived: 0 },
    close: async () => undefined,
  }
  return { connectHosts: async () => ({ transports: new Map([['cp1', transport]]), errors: [] }) }
}

const healthy = `ready
node cp1 running
node w1 running
cell pod cp1 cp1 ok
cell pod cp1 w1 ok
cell pod w1 cp1 ok
cell pod w1 w1 ok
cell hairpin cp1 cp1 ok
cell api cp1 - ok
cell dns cp1 - ok
cell outside cp1 - failed DNS: lookup x: i/o timeout
fact outside cp1 no
end`.split('\n')

test('a network that works is a matrix and exit code 0', async () => {
  const { code, stdout } = await call({
    argv: ['check', 'network'],
    cwd: await workplace(),
    services: saying(...healthy),
  })
  expect(code).toBe(0)
  expect(stdout.text).toBe(`Network of demo: 2 nodes, Flannel

  FROM   cp1   w1   ITSELF   API   DNS   INTERNET DNS
  cp1    ok    ok   ok       ok    ok    skipped
  w1     ok    ok

NetworkPolicy: skipped (Flannel has no policies)
Internet DNS: skipped (the node resolves no name of the internet either)

All 7 checks on 2 nodes are ok.
`)
})

test('what fails is a cell, a cause and exit code 11', async () => {
  const lines = [...healthy.slice(0, -1), 'cell service cp1 w1 failed TIMEOUT', 'end']
  const { code, stdout } = await call({
    argv: ['check', 'network'],
    cwd: await workplace(),
    services: saying(...lines),
  })
  expect(code).toBe(11)
  expect(stdout.text).toContain('cp1    ok    FAILED service')
  expect(stdout.text).toContain('failed Services are not reached from cp1, though pods are')
  expect(stdout.text).toContain('  | cp1 -> w1: service: no answer')
  expect(stdout.lines.at(-1)).toBe('1 of 8 checks failed; 1 likely cause.')
})

test('with --output json it is a document', async () => {
  const argv = ['check', 'network', '--output', 'json']
  const { stdout } = await call({ argv, cwd: await workplace(), services: saying(...healthy) })
  const document = JSON.parse(stdout.text) as { readonly cells: readonly object[] }
  expect(document).toMatchObject({ formatVersion: 1, cluster: 'demo', causes: [] })
  expect(document.cells[0]).toEqual({ kind: 'pod', from: 'cp1', to: 'cp1', state: 'ok', detail: '' })
})

test('without a cluster, or an API that answers, there is nothing to check', async () => {
  for (const [answer, message] of [
    ['absent', 'There is no cluster yet'],
    ['down', 'The API does not answer'],
  ] as const) {
    const { code, stderr } = await call({
      argv: ['check', 'network'],
      cwd: await workplace(),
      services: saying(answer),
    })
    expect(code).toBe(10)
    expect(stderr.text).toContain(`error KW5009 ${message}`)
  }
})

test('a check that is cut off is no result', async () => {
  const services = saying('ready', 'node cp1 running')
  const { code, stderr } = await call({ argv: ['check', 'network'], cwd: await workplace(), services })
  expect(code).toBe(11)
  expect(stderr.text).toContain('error KW5010 The check was cut off')
})

test('check alone shows what can be checked', async () => {
  const { code, stderr } = await call({ argv: ['check'] })
  expect(code).toBe(3)
  expect(stderr.text).toContain('check network')
})
