import type { Change, Resource } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import { haproxyConfigurationFile, haproxyHealthPort, type HaproxyConfiguration } from '../kubernetes/haproxy.ts'
import { sh } from '../transport/command.ts'

const functions = scriptFile('endpoint/reload.sh')

/**
 * The node's proxy has read its configuration, which comes before this. One that runs is told to: it refuses no connection
 * meanwhile, where a new pod would not be there for ten seconds, and whoever watches the API backs off for more.
 */
export function haproxyReload(host: string, { digest }: HaproxyConfiguration): Resource<string> {
  return {
    id: 'haproxy',
    probe: {
      script: sh`${functions}
kw_haproxy_read ${host} ${haproxyHealthPort}`,
      parse: (output) => output.trim(),
    },
    examine: (read) =>
      read === 'unasked'
        ? [
            {
              check: 'HaproxyConfiguration',
              severity: 'warning',
              message: 'whether haproxy has read its configuration cannot be asked: the host has no bash',
              hint: 'Install bash; or restart the pod haproxy when control planes have come or gone.',
            },
          ]
        : [],
    compare(read): Change | undefined {
      // An earlier build's, which tells nothing, is replaced with its manifest; one that is yet to start reads what is there.
      if (!/^[0-9a-f]{16}$/.test(read) || read === digest) return undefined
      const command = sh`${functions}
kw_haproxy_reload ${haproxyConfigurationFile} ${host} ${haproxyHealthPort} ${digest} || exit 1`
      return {
        verb: 'update',
        summary: 'reload haproxy with its configuration',
        impact: 'none',
        actions: [{ kind: 'run', command, undo: 'none' }],
      }
    },
    digest: () => undefined,
  }
}
