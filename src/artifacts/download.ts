import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { KubewrightError } from '../engine/errors.ts'
import type { Proxy } from '../inventory/cluster.ts'
import { proxyFor } from './proxy.ts'

const redirections = 10
const attempts = 3

/** Milliseconds without a byte after which a connection counts as dead. */
const patience = 30_000

/**
 * Opens a download. Node's own `fetch` knows no proxy, so this speaks HTTP itself: through the inventory's proxy where that has
 * one for the address, and through none otherwise. Rejects with KW4004.
 */
export async function download(url: string, proxy: Proxy | undefined): Promise<IncomingMessage> {
  const response = await downloadIfThere(url, proxy)
  if (response === undefined) throw unavailable(url, 'it is not there (404)')
  return response
}

/** As {@link download}, but undefined for what the server does not have. */
export async function downloadIfThere(url: string, proxy: Proxy | undefined): Promise<IncomingMessage | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await follow(url, proxy)
    } catch (thrown) {
      if (thrown instanceof KubewrightError) throw thrown
      if (attempt === attempts) throw unavailable(url, messageOf(thrown), thrown)
    }
  }
}

/** The whole text behind a URL; undefined for what the server does not have. */
export async function downloadText(url: string, proxy: Proxy | undefined): Promise<string | undefined> {
  const response = await downloadIfThere(url, proxy)
  if (response === undefined) return undefined
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer)
  } catch (thrown) {
    throw unavailable(url, messageOf(thrown), thrown)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** KW4004: something cannot be downloaded to this machine. A password in the URL is not shown. */
export function unavailable(url: string, why: string, cause?: unknown): KubewrightError {
  return new KubewrightError({
    code: 'KW4004',
    exit: 'connection',
    message: `${withoutPassword(url)} cannot be downloaded to this machine: ${why}`,
    hint: 'Check spec.artifacts, spec.proxy and the way to it from here; a bundle needs no network.',
    cause,
  })
}

/** A URL as it may be shown. */
export function withoutPassword(url: string): string {
  const parsed = new URL(url)
  parsed.username = ''
  parsed.password = ''
  return parsed.href
}

async function follow(url: string, proxy: Proxy | undefined): Promise<IncomingMessage | undefined> {
  let next = new URL(url)
  for (let hop = 0; hop <= redirections; hop += 1) {
    const response = await ask(next, proxy)
    const { statusCode = 0, headers } = response
    if (statusCode === 200) return response
    response.destroy()
    if (statusCode === 404) return undefined
    if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) {
      if (statusCode >= 500) throw new Error(`it answers ${statusCode}`)
      throw unavailable(url, `it answers ${statusCode}`)
    }
    const target = new URL(headers.location, next)
    // What a checksum says is worth no more than the way that it came.
    if (next.protocol === 'https:' && target.protocol !== 'https:') throw unavailable(url, 'it redirects to plain HTTP')
    next = target
  }
  throw unavailable(url, `it redirects more than ${redirections} times`)
}

async function ask(url: URL, proxy: Proxy | undefined): Promise<IncomingMessage> {
  const via = proxyFor(url, proxy)
  const secure = url.protocol === 'https:'
  const headers = { 'user-agent': 'kubewright' }
  if (via === undefined) return answer(secure ? httpsRequest(url, { headers }) : httpRequest(url, { headers }))
  if (!secure) {
    const auth = { ...basic('proxy-authorization', via), ...basic('authorization', url) }
    return answer(toProxy(via, { path: withoutPassword(url.href), headers: { ...headers, ...auth, host: url.host } }))
  }
  const socket = await tunnel(url, via)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  // An address is no name to ask a server for.
  const createConnection = () => tlsConnect({ socket, host, ...(isIP(host) > 0 ? {} : { servername: host }) })
  return answer(httpsRequest(url, { headers, agent: false, createConnection }))
}

/** A way through the proxy to the host of a URL, on which TLS is spoken with that host alone. */
async function tunnel(url: URL, via: URL): Promise<Socket> {
  const place = `${url.hostname}:${url.port || 443}`
  const headers = { ...basic('proxy-authorization', via), host: place }
  const connecting = toProxy(via, { method: 'CONNECT', path: place, headers })
  return new Promise((resolve, reject) => {
    guarded(connecting, reject)
    connecting.once('connect', (response, socket) => {
      socket.setTimeout(0)
      if (response.statusCode === 200) return resolve(socket)
      socket.destroy()
      reject(unavailable(url.href, `the proxy ${via.host} answers ${response.statusCode ?? 0}`))
    })
    connecting.end()
  })
}

function toProxy(via: URL, options: RequestOptions): ClientRequest {
  const secure = via.protocol === 'https:'
  const place = { ...options, hostname: via.hostname, port: via.port || (secure ? 443 : 80) }
  return secure ? httpsRequest(place) : httpRequest(place)
}

function basic(header: string, { username, password }: URL): Record<string, string> {
  if (username === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { [header]: `Basic ${Buffer.from(pair).toString('base64')}` }
}

async function answer(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    guarded(request, reject)
    request.once('response', resolve)
    request.end()
  })
}

function guarded(request: ClientRequest, reject: (error: Error) => void): void {
  request.setTimeout(patience, () => request.destroy(new Error(`nothing came for ${patience / 1000} s`)))
  request.once('error', reject)
}

function messageOf(thrown: unknown): string {
  const { code, message } = thrown as NodeJS.ErrnoException
  return message === '' ? (code ?? 'no reason given') : message
}
