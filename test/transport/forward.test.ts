import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { forward } from '../../src/transport/forward.ts'
import { connectLocal } from '../../src/transport/local.ts'
import { ForwardingRefused, type Transport } from '../../src/transport/transport.ts'
import { connected } from './connecting.ts'

/** A server that greets whoever comes; its port. */
async function greeter(): Promise<number> {
  const server = createServer((socket) => socket.end('hello'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function ways(): Promise<readonly Transport[]> {
  const local = connectLocal('here')
  onTestFinished(async () => local.close())
  return [(await connected()).transport, local]
}

test('a host opens connections to elsewhere, over SSH and on this machine', async () => {
  const port = await greeter()
  for (const transport of await ways()) {
    expect((await buffer(await transport.connect('127.0.0.1', port))).toString()).toBe('hello')
  }
})

test('why a connection is not opened is told', async () => {
  for (const transport of await ways()) {
    const error: unknown = await transport.connect('127.0.0.1', 9).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(error).not.toBeInstanceOf(ForwardingRefused)
    expect((error as Error).message).toMatch(/connect/)
  }
})

test('an sshd that forbids it is told from a server that is not there', async () => {
  const prohibited = Object.assign(new Error('(SSH) Channel open failure: open failed'), { reason: 1 })
  const ssh = { forwardOut: () => Promise.reject(prohibited) } as unknown as Parameters<typeof forward>[0]['ssh']
  await expect(forward({ ssh }, '10.0.0.5', 2379)).rejects.toBeInstanceOf(ForwardingRefused)
})
