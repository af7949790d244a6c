import { join, relative, resolve } from 'node:path'
import { KubewrightError } from '../../engine/errors.ts'
import { loadInventory } from '../../inventory/load.ts'
import { Secret, sh } from '../../transport/command.ts'
import type { Transport } from '../../transport/transport.ts'
import { writing } from '../file-error.ts'
import { currentEntry, mergeKubeconfig } from '../kubeconfig-merge.ts'
import { readOnly, withSomeHost } from '../remote.ts'
import { readIfThere, replaceSecretFile } from '../secret-file.ts'
import type { Invocation, Verb } from '../verb.ts'

const adminKubeconfig = '/etc/kubernetes/admin.conf'

/** Fetches the administrator's kubeconfig from a control plane, into a file of its own or merged into another. */
export const kubeconfig: Verb = async (invocation) => {
  const { flags, screen } = invocation
  const { cluster } = await loadInventory(flags.inventory)
  const controlPlanes = cluster.hosts.filter(({ roles }) => roles.includes('control-plane'))
  const fetched = await withSomeHost(invocation, controlPlanes, async (transports) => fetch([...transports.values()]))
  if (flags.out === '-' && !flags.merge) {
    screen.print(fetched.reveal().trimEnd())
    return 'success'
  }
  if (flags.merge) await merge(invocation, cluster.name, fetched)
  else await save(invocation, cluster.name, fetched)
  return 'success'
}

/** The first that has one; each control plane has the same. */
async function fetch(transports: readonly Transport[]): Promise<Secret> {
  for (const transport of transports) {
    const { code, stdout } = await readOnly(transport, sh`cat ${adminKubeconfig}`)
    if (code === 0) return new Secret(stdout.toString('utf8'))
  }
  const names = transports.map(({ host }) => host).join(', ')
  throw new KubewrightError({
    code: 'KW5006',
    exit: 'refused',
    message: `There is no ${adminKubeconfig} on ${names}`,
    hint: 'Install the cluster first: kubewright apply',
  })
}

async function save({ flags, io, screen }: Invocation, name: string, fetched: Secret): Promise<void> {
  const file = resolve(io.cwd, flags.out ?? `${name}.kubeconfig`)
  const backup = await writing(file, replaceSecretFile(file, fetched.reveal(), io.now()))
  const shown = relative(io.cwd, file)
  report({ flags, screen }, { file, backup, context: undefined }, [
    `Wrote ${shown}. Use it: kubectl --kubeconfig ${shown} get nodes`,
  ])
}

async function merge({ flags, io, screen }: Invocation, name: string, fetched: Secret): Promise<void> {
  const file = flags.out === undefined ? ownKubeconfig(io.env, io.home) : resolve(io.cwd, flags.out)
  const entry = currentEntry(fetched.reveal())
  if (entry === undefined) {
    throw new KubewrightError({
      code: 'KW5007',
      exit: 'refused',
      message: `${adminKubeconfig} has no current context that could be merged`,
      hint: 'Fetch it as it is, without --merge.',
    })
  }
  const merged = mergeKubeconfig(await readIfThere(file), entry, name)
  const backup = await writing(file, replaceSecretFile(file, merged, io.now()))
  report({ flags, screen }, { file, backup, context: name }, [
    `Merged into ${file}. Use it: kubectl --context ${name} get nodes`,
  ])
}

/** Where kubectl itself would write: the first file of KUBECONFIG, else its default. */
function ownKubeconfig(env: Readonly<Record<string, string | undefined>>, home: string): string {
  const [first] = (env['KUBECONFIG'] ?? '').split(':').filter((file) => file !== '')
  return first ?? join(home, '.kube', 'config')
}

function report(
  { flags, screen }: Pick<Invocation, 'flags' | 'screen'>,
  written: { file: string; backup: string | undefined; context: string | undefined },
  lines: readonly string[],
): void {
  if (flags.output === 'json') {
    screen.print(JSON.stringify({ formatVersion: 1, ...written }))
    return
  }
  for (const line of lines) screen.print(line)
  if (written.backup !== undefined) screen.print(`What was there before is in ${written.backup}.`)
}
