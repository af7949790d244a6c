import { connect, createServer, type Socket } from 'node:net'
import type { Lab } from '../lab/index.ts'

/** An address and a port. */
export interface Backend {
  readonly host: string
  readonly port: number
}

/** A user's own load balancer without a health check, on this machine as a lab's hosts see it: TCP goes to one backend after another. */
export interface LoadBalancer extends Backend, AsyncDisposable {
  /** Who has connected, each address once, since the last call of this or of `forwardTo`. */
  clients(): readonly string[]
  /** New connections go to these; those that are open end. */
  forwardTo(...backends: readonly Backend[]): void
}

/** Starts one that forwards to nobody. */
export async function startLoadBalancer({ hosts }: Lab, port = 7443): Promise<LoadBalancer> {
  const host = hosts[0]?.nodeIP.replace(/\.\d+$/, '.1') ?? ''
  const open = new Set<Socket>()
  const clients = new Set<string>()
  let [backends, next]: [readonly Backend[], number] = [[], 0]
  const closeAll = (): void => open.forEach((socket) => socket.destroy())
  const server = createServer((client) => {
    clients.add(client.remoteAddress ?? '')
    const backend = backends[next++ % backends.length]
    const sockets = backend === undefined ? [client] : [client, connect(backend)]
    for (const socket of sockets) {
      open.add(socket)
      const end = (): void => sockets.forEach((each) => each.destroy())
      socket.on('error', end).on('close', () => {
        open.delete(socket)
        end()
      })
    }
    const [, upstream] = sockets
    if (upstream === undefined) client.destroy()
    else client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve)
  })
  return {
    host,
    port,
    clients() {
      const seen = [...clients].toSorted()
      clients.clear()
      return seen
    },
    forwardTo(...wanted) {
      ;[backends, next] = [wanted, 0]
      clients.clear()
      closeAll()
    },
    async [Symbol.asyncDispose]() {
      closeAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
