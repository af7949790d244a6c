import type { ContainerdOptions, Host, KubeletOptions, Registry, SshOptions, Taint } from './cluster.ts'
import { resolveLocal, type ReferencedFiles } from './references.ts'
import type { InventoryHost, InventorySpec, SharedSettings } from './schema.ts'
import { defined, namedList, settingDefaults, settingsOf } from './settings.ts'
import { canonicalAddress, isAddress } from './subnets.ts'

/** What the paths of an inventory mean. */
export interface ResolveContext {
  readonly inventoryPath: string
  readonly files: ReferencedFiles
}

/** A host with its final settings. */
export function resolveHost(spec: InventorySpec, host: InventoryHost, context: ResolveContext): Host {
  const settings = settingsOf(spec, host)
  return {
    name: host.name,
    roles: host.roles,
    connection: host.connection,
    ssh: resolveSsh(sshAddressOf(host), settings.ssh, context),
    nodeIP: host.nodeIP === undefined ? undefined : canonicalAddress(host.nodeIP),
    interface: settings.interface,
    labels: settings.labels ?? {},
    taints: (settings.taints ?? defaultTaints(host)).map(({ key, value, effect }) => ({ key, value, effect })),
    directories: { ...settingDefaults.directories, ...defined(settings.directories) },
    containerd: resolveContainerd(settings.containerd, context),
    kubelet: resolveKubelet(settings.kubelet),
    selinux: settings.selinux ?? settingDefaults.selinux,
    firewall: settings.firewall ?? settingDefaults.firewall,
  }
}

/** Where a host is reached: its address, or its name. */
export function sshAddressOf(host: InventoryHost): string {
  return host.address ?? host.name
}

/** The node IP as far as the inventory alone tells it. */
export function knownNodeIP(host: InventoryHost): string | undefined {
  const address = host.nodeIP ?? sshAddressOf(host)
  return isAddress(address) ? canonicalAddress(address) : undefined
}

function defaultTaints({ roles }: InventoryHost): Taint[] {
  const dedicated = roles.includes('control-plane') && !roles.includes('worker')
  return dedicated ? [{ key: 'node-role.kubernetes.io/control-plane', value: undefined, effect: 'NoSchedule' }] : []
}

function resolveSsh(address: string, ssh: SharedSettings['ssh'], context: ResolveContext): SshOptions {
  const path = (file: string | undefined) =>
    file === undefined ? undefined : resolveLocal(context.inventoryPath, file)
  const bastion = ssh?.bastion
  return {
    address,
    port: ssh?.port,
    user: ssh?.user,
    identityFile: path(ssh?.identityFile),
    knownHostsFile: path(ssh?.knownHostsFile),
    hostKey: ssh?.hostKey,
    bastion: bastion && {
      address: bastion.address,
      port: bastion.port,
      user: bastion.user ?? ssh.user,
      identityFile: path(bastion.identityFile ?? ssh.identityFile),
      knownHostsFile: path(bastion.knownHostsFile ?? ssh.knownHostsFile),
      hostKey: bastion.hostKey,
    },
  }
}

function resolveContainerd(containerd: SharedSettings['containerd'], context: ResolveContext): ContainerdOptions {
  const defaults = settingDefaults.containerd
  return {
    criSocket: (containerd?.criSocket ?? defaults.criSocket).replace(/^unix:\/\//, ''),
    restrictOomScoreAdj: containerd?.restrictOomScoreAdj ?? defaults.restrictOomScoreAdj,
    limitNOFILE: String(containerd?.limitNOFILE ?? defaults.limitNOFILE),
    limitMEMLOCK: String(containerd?.limitMEMLOCK ?? defaults.limitMEMLOCK),
    registries: (containerd?.registries ?? []).map((registry) => resolveRegistry(registry, context)),
    runtimes: containerd?.runtimes ?? [],
  }
}

type InventoryRegistry = NonNullable<NonNullable<SharedSettings['containerd']>['registries']>[number]

function resolveRegistry({ host, server, mirrors, credentials }: InventoryRegistry, context: ResolveContext): Registry {
  const passwordFile = credentials?.passwordFile
  return {
    host,
    server,
    mirrors: mirrors.map((mirror) => ({
      ...mirror,
      ca: mirror.ca === undefined ? undefined : context.files.get(mirror.ca),
    })),
    credentials: credentials && {
      username: credentials.username,
      passwordFile: passwordFile === undefined ? undefined : resolveLocal(context.inventoryPath, passwordFile),
      passwordEnv: credentials.passwordEnv,
    },
  }
}

function resolveKubelet(kubelet: SharedSettings['kubelet']): KubeletOptions {
  return {
    config: kubelet?.config ?? {},
    extraArgs: namedList(kubelet?.extraArgs),
    patches: (kubelet?.patches ?? []).map(({ type, patch }) => ({ type, patch })),
  }
}
