import { once } from 'node:events'
import { request as requestOver } from 'node:http'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { connect } from 'node:tls'
import type { Secret } from './command.ts'

/** By what a client and its server prove themselves to each other. */
export interface TlsClient {
  /** Whom the server's certificate has to name. */
  readonly host: string
  readonly port: number
  /** PEM. */
  readonly ca: string
  readonly certificate: string
  readonly key: Secret
}

export interface HttpRequest {
  readonly path: string
  /** Sent as JSON; a request without it is a GET. */
  readonly body?: object
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

/** Asks an HTTPS server at the other end of a stream, which is closed afterwards. Rejects when there is no answer, or none that can be trusted. */
export async function askOver(
  stream: Duplex,
  { host, port, ca, certificate, key }: TlsClient,
  { path, body }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const names = isIP(host) === 0 ? { servername: host } : {}
  const secure = connect({ socket: stream, host, ...names, ca, cert: certificate, key: key.reveal() })
  // An error may come before anyone waits for an answer, and after everybody has got it.
  secure.on('error', () => undefined)
  try {
    await once(secure, 'secureConnect', { signal })
    const asked = requestOver({
      host,
      port,
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: { connection: 'close', 'content-type': 'application/json' },
      createConnection: () => secure,
      signal,
    })
    const answered = new Promise<HttpAnswer>((resolve, reject) => {
      asked.once('error', reject)
      asked.once('response', (response) => {
        text(response).then((content) => resolve({ status: response.statusCode ?? 0, text: content }), reject)
      })
    })
    asked.end(body === undefined ? undefined : JSON.stringify(body))
    return await answered
  } finally {
    secure.destroy()
    stream.destroy()
  }
}
