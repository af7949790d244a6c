import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Gateway, ports } from './gateway.ts'
import { type Service, startService } from './service.ts'

/** An HTTP proxy, and what went through it. */
export interface Proxy extends Service {
  readonly url: string
  /** The URLs and places that were asked for, with the address that asked. */
  requests(): Promise<readonly string[]>
}

/** Starts tinyproxy for the hosts of a lab and this machine. */
export async function startProxy({ address, subnet }: Gateway, directory: string): Promise<Proxy> {
  const log = join(directory, 'proxy.log')
  const configuration = join(directory, 'proxy.conf')
  const settings = [
    `Listen ${address}`,
    `Port ${ports.proxy}`,
    `Allow ${subnet}`,
    `LogFile "${log}"`,
    'LogLevel Connect',
    'MaxClients 100',
    'Timeout 600',
    `ConnectPort ${ports.registry}`,
  ]
  await writeFile(configuration, settings.map((setting) => `${setting}\n`).join(''))
  const service = await startService('tinyproxy', ['-d', '-c', configuration], { address, port: ports.proxy })
  return {
    ...service,
    url: `http://${address}:${ports.proxy}`,
    async requests() {
      const text = await readFile(log, 'utf8')
      // a line that says who has connected, and one with the request, share the number of the file descriptor
      const askers = new Map<string, string>()
      return text.split('\n').flatMap((line) => {
        const connected = /Connect \(file descriptor (\d+)\): (\S+)/.exec(line)
        if (connected !== null) askers.set(connected[1] ?? '', connected[2] ?? '')
        const asked = /Request \(file descriptor (\d+)\): \S+ (\S+)/.exec(line)
        return asked === null ? [] : [`${askers.get(asked[1] ?? '') ?? '?'} ${asked[2]}`]
      })
    },
  }
}
