import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, normalize } from 'node:path'
import type { Gateway } from './gateway.ts'
import { ports } from './gateway.ts'

/** A web server with folders of this machine, and who asked it. */
export interface FileServer extends AsyncDisposable {
  readonly url: string
  /** `address path` of each request. */
  readonly requests: readonly string[]
}

/** Serves folders by the name under which each is asked for. */
export async function serveFiles({ address }: Gateway, folders: Readonly<Record<string, string>>): Promise<FileServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const [, folder = '', ...rest] = normalize(decodeURIComponent(request.url ?? '/')).split('/')
    requests.push(`${request.socket.remoteAddress} /${[folder, ...rest].join('/')}`)
    const root = folders[folder]
    const path = root === undefined ? '' : join(root, ...rest)
    if (path === '' || !existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-length': statSync(path).size })
    createReadStream(path).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(ports.files, address, resolve))
  return {
    url: `http://${address}:${ports.files}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
