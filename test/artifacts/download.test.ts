import { readFile, writeFile } from 'node:fs/promises'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { cachedPath, fetchFile } from '../../src/artifacts/cache.ts'
import { downloadText } from '../../src/artifacts/download.ts'
import { fetchFiles } from '../../src/artifacts/fetch.ts'
import { KubewrightErrors } from '../../src/engine/errors.ts'
import type { Deliver } from '../../src/engine/resource.ts'
import { authorities } from '../../src/pki/certificates.ts'
import { generateKey, issueAuthority } from '../../src/pki/issue.ts'
import { Secret, sh } from '../../src/transport/command.ts'
import { emptyCache, proxyServer, serve, sha256, withUser } from './support.ts'

test('redirections are followed, as the release pages of GitHub need it', async () => {
  const server = await serve({
    '/a': (_asked, response) => response.writeHead(302, { location: '/b' }).end(),
    '/b': 'content',
  })
  expect(await downloadText(`${server.url}/a`, undefined)).toBe('content')
})

test('redirections without end are an error', async () => {
  const server = await serve({ '/a': (_asked, response) => response.writeHead(302, { location: '/a' }).end() })
  await expect(downloadText(`${server.url}/a`, undefined)).rejects.toMatchObject({ details: { code: 'KW4004' } })
  expect(server.requests).toHaveLength(11)
})

test('a server that fails once is asked again', async () => {
  let count = 0
  const server = await serve({
    '/a': (_asked, response) => {
      count += 1
      if (count === 1) response.socket?.destroy()
      else if (count === 2) response.writeHead(503).end()
      else response.end('content')
    },
  })
  expect(await downloadText(`${server.url}/a`, undefined)).toBe('content')
})

test('what is not there is told apart from what cannot be had', async () => {
  const server = await serve({ '/secret': (_asked, response) => response.writeHead(401).end() })
  expect(await downloadText(`${server.url}/nothing`, undefined)).toBeUndefined()
  const url = `${server.url.replace('http://', 'http://user:hunter2@')}/secret`
  const failure = downloadText(url, undefined)
  await expect(failure).rejects.toMatchObject({ details: { code: 'KW4004', exit: 'connection' } })
  await expect(failure).rejects.toThrow(`${server.url}/secret cannot be downloaded to this machine: it answers 401`)
})

test('a server that is down is an error with its reason', async () => {
  const server = await serve({})
  await server.close()
  await expect(downloadText(`${server.url}/a`, undefined)).rejects.toThrow(/ECONNREFUSED/)
})

test('the proxy of the inventory is used with its password, and not for what goes without it', async () => {
  const [server, proxy] = [await serve({ '/a': 'content' }), await proxyServer()]
  const settings = { http: withUser(proxy.url), https: undefined, noProxy: [] }
  expect(await downloadText(`${server.url}/a`, settings)).toBe('content')
  expect(proxy.requests.map(({ url }) => url)).toEqual([`${server.url}/a`])
  expect(await downloadText(`${server.url}/a`, { ...settings, noProxy: ['127.0.0.0/8'] })).toBe('content')
  expect(proxy.requests).toHaveLength(1)
})

test('HTTPS goes through a tunnel of the proxy', async () => {
  const key = await generateKey('ECDSA-P256')
  const certificate = issueAuthority({ spec: authorities[0]!, key, validitySeconds: 3600, now: new Date() })
  const server = createTlsServer({ key: key.reveal(), cert: certificate }, (_asked, response) =>
    response.end('content'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
  onTestFinished(() => void vi.unstubAllEnvs())
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const proxy = await proxyServer()
  const settings = { http: undefined, https: withUser(proxy.url), noProxy: [] }
  expect(await downloadText(`https://${place}/a`, settings)).toBe('content')
  expect(proxy.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([`CONNECT ${place}`])
})

test('a proxy that lets nobody through is named', async () => {
  const proxy = await proxyServer({ refuses: true })
  const settings = { http: undefined, https: withUser(proxy.url), noProxy: [] }
  await expect(downloadText('https://192.0.2.1/a', settings)).rejects.toThrow(
    `the proxy ${proxy.url.replace('http://', '')} answers 403`,
  )
})

test('a file is downloaded once, and again when it was damaged', async () => {
  await emptyCache()
  const server = await serve({ '/kubelet': 'elf' })
  const wanted = { name: 'kubelet', url: `${server.url}/kubelet`, sha256: sha256('elf') }
  const path = await fetchFile(wanted, undefined)
  expect(path).toBe(cachedPath(wanted.sha256))
  await fetchFile(wanted, undefined)
  expect(server.requests).toHaveLength(1)
  await writeFile(path, 'elg')
  await fetchFile(wanted, undefined)
  expect(await readFile(path, 'utf8')).toBe('elf')
})

test('another file than was published is refused, and leaves nothing', async () => {
  await emptyCache()
  const server = await serve({ '/kubelet': 'elg' })
  const wanted = { name: 'kubelet 1.37.1', url: `${server.url}/kubelet`, sha256: sha256('elf') }
  await expect(fetchFile(wanted, undefined)).rejects.toMatchObject({ details: { code: 'KW4003', exit: 'refused' } })
  await expect(readFile(cachedPath(wanted.sha256))).rejects.toThrow(/ENOENT/)
})

test('what is about to be sent is downloaded before, and all that cannot be had is told at once', async () => {
  await emptyCache()
  const server = await serve({ '/kubelet': 'elf' })
  const delivery = (name: string): Deliver => {
    const from = { file: cachedPath(sha256('elf')), origin: new Secret(`${server.url}/${name}`) }
    const digest = name === 'kubelet' ? sha256('elf') : sha256(name)
    return { kind: 'deliver', name, sha256: digest, size: undefined, from, install: sh`:`, paths: [], undo: 'none' }
  }
  await fetchFiles([delivery('kubelet'), delivery('kubelet')], undefined)
  expect(server.requests).toHaveLength(1)
  const failure = await fetchFiles([delivery('kubectl'), delivery('kubelet'), delivery('runc')], undefined).catch(
    (thrown: unknown) => thrown,
  )
  expect(failure).toBeInstanceOf(KubewrightErrors)
  expect((failure as KubewrightErrors).errors).toHaveLength(2)
})
