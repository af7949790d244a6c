import { BlockList, isIP } from 'node:net'
import type { Proxy } from '../inventory/cluster.ts'
import { Secret } from '../transport/command.ts'

/** The proxy for a URL; undefined where the way is direct. Each scheme has its own, as the environment variables of other programs. */
export function proxyFor(url: URL, proxy: Proxy | undefined): URL | undefined {
  const via = url.protocol === 'https:' ? proxy?.https : proxy?.http
  if (proxy === undefined || via === undefined || isDirect(url.hostname, proxy.noProxy)) return undefined
  return new URL(via)
}

function isDirect(hostname: string, noProxy: readonly string[]): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  return noProxy.some((entry) => entry === '*' || covers(entry.toLowerCase(), host))
}

/** `10.0.0.0/8` covers its addresses, `.local` what ends in it, `example.com` itself and what is below it. */
function covers(entry: string, host: string): boolean {
  const [address = '', prefix] = entry.split('/')
  if (prefix === undefined || isIP(address) === 0) {
    return host === entry || host.endsWith(entry.startsWith('.') ? entry : `.${entry}`)
  }
  const list = new BlockList()
  list.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return isIP(host) > 0 && list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}

/** What curl on a host reads on its stdin: the URL and the proxy may hold passwords, which a command line would show to everybody. */
export function curlConfig(url: string, proxy: Proxy | undefined): Secret {
  const via = url.startsWith('https:') ? proxy?.https : proxy?.http
  const settings: readonly (readonly [string, string | undefined])[] = [
    ['url', url],
    ['proxy', via],
    ['noproxy', via === undefined ? undefined : proxy?.noProxy.join(',')],
  ]
  const rows = settings.flatMap(([name, value]) => (value === undefined ? [] : [`${name} = ${quoted(value)}\n`]))
  return new Secret(rows.join(''))
}

function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
