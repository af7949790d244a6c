import { expect, test } from 'vitest'
import { curlConfig, proxyFor } from '../../src/artifacts/proxy.ts'

const proxy = {
  http: 'http://proxy:3128',
  https: 'http://secure:3129',
  noProxy: ['localhost', '10.0.0.0/8', 'fd00::/16', '.svc', 'example.com', '192.0.2.7'],
}

function via(url: string): string | undefined {
  return proxyFor(new URL(url), proxy)?.host
}

test('each scheme has its own proxy', () => {
  expect(via('http://mirror.test/a')).toBe('proxy:3128')
  expect(via('https://mirror.test/a')).toBe('secure:3129')
  expect(proxyFor(new URL('https://mirror.test/a'), { ...proxy, https: undefined })).toBeUndefined()
  expect(proxyFor(new URL('https://mirror.test/a'), undefined)).toBeUndefined()
})

test.each([
  'localhost',
  '10.1.2.3',
  '[fd00::1]',
  'api.svc',
  'example.com',
  'EXAMPLE.com',
  'a.example.com',
  '192.0.2.7',
])('%s is reached directly', (host) => expect(via(`http://${host}/a`)).toBeUndefined())

test.each(['11.1.2.3', '[fe80::1]', 'svc', 'notexample.com', 'example.com.test', '192.0.2.70'])(
  '%s is reached through the proxy',
  (host) => expect(via(`http://${host}/a`)).toBe('proxy:3128'),
)

test('a star means no proxy at all', () => {
  expect(proxyFor(new URL('http://a.test'), { ...proxy, noProxy: ['*'] })).toBeUndefined()
})

test('what curl reads has the proxy of the scheme, and quotes what would end a value', () => {
  const config = curlConfig('https://a.test/b', { ...proxy, https: 'http://user:p"a\\ss@secure:3129' })
  expect(config.reveal()).toBe(`url = "https://a.test/b"
proxy = "http://user:p\\"a\\\\ss@secure:3129"
noproxy = "localhost,10.0.0.0/8,fd00::/16,.svc,example.com,192.0.2.7"
`)
  expect(JSON.stringify({ config })).toBe('{"config":"[redacted]"}')
})

test('without a proxy curl is only told the URL', () => {
  expect(curlConfig('https://a.test/b', undefined).reveal()).toBe('url = "https://a.test/b"\n')
})
