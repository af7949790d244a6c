import type { Registry } from '../../inventory/cluster.ts'
import { renderText } from '../../render/template.ts'
import { file, type FileResource } from '../../resources/file.ts'
import { Secret } from '../../transport/command.ts'
import type { Context } from '../context.ts'

/** Where containerd looks for what it shall know of a registry. */
export const registriesDirectory = '/etc/containerd/certs.d'

/**
 * `hosts.toml` and CA certificates of each registry of the inventory. Credentials go to the mirrors where there are any, else to
 * the registry itself; a file that holds some is readable by root only. containerd sends the header to a registry's token
 * service, too, so it serves registries with tokens as well as those with passwords.
 */
export function registryFiles({ host, secrets }: Pick<Context, 'host' | 'secrets'>): readonly FileResource[] {
  return host.containerd.registries.flatMap((registry) => {
    const directory = `${registriesDirectory}/${registry.host}`
    const authorities = registry.mirrors.flatMap(({ ca }, index) =>
      ca === undefined ? [] : [file(`${directory}/mirror-${index + 1}.crt`, ca)],
    )
    const password = secrets.get(`registry:${registry.host}`)
    return [file(`${directory}/hosts.toml`, hostsToml(registry, password), modeFor(registry)), ...authorities]
  })
}

function modeFor({ credentials }: Registry): { readonly mode: number } {
  return { mode: credentials === undefined ? 0o644 : 0o600 }
}

function hostsToml(registry: Registry, password: Secret | undefined): string | Secret {
  const { credentials, server } = registry
  if (credentials === undefined) return renderText('containerd/hosts.toml', { server, endpoints: endpoints(registry) })
  if (password === undefined) throw new Error(`the password of the registry ${registry.host} was not read`)
  const basic = Buffer.from(`${credentials.username}:${password.reveal()}`).toString('base64')
  const authorization = `Basic ${basic}`
  return new Secret(renderText('containerd/hosts.toml', { server, endpoints: endpoints(registry, authorization) }))
}

function endpoints(registry: Registry, authorization?: string) {
  const { host, mirrors } = registry
  const listed = mirrors.map(({ url, capabilities, skipVerify, overridePath, ca }, index) => {
    const path = ca === undefined ? undefined : `${registriesDirectory}/${host}/mirror-${index + 1}.crt`
    return { url, capabilities, skipVerify, overridePath, ca: path, authorization }
  })
  if (listed.length > 0 || authorization === undefined) return listed
  const capabilities = ['pull', 'resolve']
  return [
    { url: serverOf(registry), capabilities, skipVerify: false, overridePath: false, ca: undefined, authorization },
  ]
}

function serverOf({ host, server }: Registry): string {
  return server ?? `https://${host === 'docker.io' ? 'registry-1.docker.io' : host}`
}
