import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'

/** A web server on 127.0.0.1, and what it was asked for. */
export interface WebServer {
  readonly url: string
  readonly requests: IncomingMessage[]
  close(): Promise<void>
}

type Answer = string | ((request: IncomingMessage, response: ServerResponse) => void)

/** Serves texts by path until the test has ended; what is not there answers 404. */
export async function serve(answers: Readonly<Record<string, Answer>>): Promise<WebServer> {
  const requests: IncomingMessage[] = []
  const server = createServer((asked, response) => {
    requests.push(asked)
    const answer = answers[asked.url ?? '']
    if (answer === undefined) response.writeHead(404).end()
    else if (typeof answer === 'string') response.end(answer)
    else answer(asked, response)
  })
  return started(server, requests)
}

/** A proxy on 127.0.0.1 that wants `user` and `pass word`; `refuses` all of CONNECT where it does. */
export async function proxyServer({ refuses = false } = {}): Promise<WebServer> {
  const requests: IncomingMessage[] = []
  const server = createServer((asked, response) => {
    requests.push(asked)
    if (!knows(asked)) return void response.writeHead(407).end()
    const forwarded = request(asked.url ?? '', { headers: asked.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
    forwarded.end()
  })
  server.on('connect', (asked: IncomingMessage, socket) => {
    requests.push(asked)
    if (refuses || !knows(asked)) return void socket.end(`HTTP/1.1 ${refuses ? 403 : 407} No\r\n\r\n`)
    const [host = '', port = ''] = (asked.url ?? '').split(':')
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n')
      target.pipe(socket)
      socket.pipe(target)
    })
    target.on('error', () => socket.destroy())
    socket.on('error', () => target.destroy())
  })
  return started(server, requests)
}

function knows(asked: IncomingMessage): boolean {
  return asked.headers['proxy-authorization'] === `Basic ${Buffer.from('user:pass word').toString('base64')}`
}

async function started(server: Server, requests: IncomingMessage[]): Promise<WebServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy() // the ends of a tunnel, too, which the server does not count
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(close)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close }
}

/** The address of a proxy with its user and password. */
export function withUser(url: string): string {
  return url.replace('http://', 'http://user:pass%20word@')
}

/** An empty cache for the running test. */
export async function emptyCache(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'kubewright-cache-'))
  vi.stubEnv('XDG_CACHE_HOME', directory)
  onTestFinished(async () => {
    vi.unstubAllEnvs()
    await rm(directory, { recursive: true, force: true })
  })
  return directory
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
