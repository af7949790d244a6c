import { z } from 'zod'
import { configSchema, extraArgsSchema, patchesSchema } from './schema-components.ts'
import {
  choice,
  hostPath,
  httpUrl,
  ipAddress,
  localPath,
  nodeName,
  nonEmpty,
  port,
  refuse,
  sshAddress,
  text,
} from './schema-values.ts'

// Settings that spec, groups and hosts share have no default of zod's: a default of a host would hide the value of its
// group. They get theirs after the merge (settings.ts); `meta` shows them to editors.

const connection = {
  port: port().optional().describe('SSH port; by default that of ~/.ssh/config, else 22.'),
  user: text(/^[A-Za-z0-9_][A-Za-z0-9._@\\-]*$/, 'a user name')
    .optional()
    .describe('User with password-less sudo, or root; by default that of ~/.ssh/config, else yours.'),
  identityFile: localPath()
    .optional()
    .describe('Private key, relative to the inventory; by default the agent and ~/.ssh/config decide.'),
  knownHostsFile: localPath()
    .optional()
    .describe('Known host keys, relative to the inventory; ~/.ssh/known_hosts by default.'),
  hostKey: text(
    /^(?:SHA256:[A-Za-z0-9+/]{43}=?|(?:ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]+=*(?: .*)?)$/,
    'a public key (ssh-ed25519 AAAA...) or its fingerprint (SHA256:...)',
  )
    .optional()
    .describe('The host key that is accepted, and no other: ssh-ed25519 AAAA... or SHA256:...'),
}

const bastion = z
  .strictObject({ address: sshAddress().describe('Address of the bastion.'), ...connection })
  .optional()
  .describe(
    'The host through which others are reached (ProxyJump); its user and files are those of the host when it names none.',
  )

const directories = z.strictObject({
  etcd: hostPath().optional().describe("etcd's data.").meta({ default: '/var/lib/etcd' }),
  containerd: hostPath()
    .optional()
    .describe("containerd's images and containers.")
    .meta({ default: '/var/lib/containerd' }),
  kubelet: hostPath().optional().describe("The kubelet's root directory.").meta({ default: '/var/lib/kubelet' }),
})

const limit = () =>
  z.union([
    z.int().min(0, { error: 'expected a number that is not negative' }),
    text(/^(?:infinity|\d+)$/, 'a number or "infinity"'),
  ])

const mirror = z.strictObject({
  url: httpUrl().describe('Where the mirror is.'),
  capabilities: z
    .array(choice(['pull', 'resolve', 'push']))
    .min(1, { error: 'expected at least one capability' })
    .default(['pull', 'resolve'])
    .describe('What the mirror is used for.'),
  skipVerify: z.boolean().default(false).describe("Whether the mirror's certificate goes unverified."),
  ca: localPath().optional().describe('File (PEM, relative to the inventory) with the CA that signed its certificate.'),
  overridePath: z.boolean().default(false).describe("Whether the URL's path is the whole API root."),
})

const credentials = z
  .strictObject({
    username: nonEmpty().describe('User at the registry.'),
    passwordFile: localPath()
      .optional()
      .describe('File on this machine that holds the password, relative to the inventory.'),
    passwordEnv: text(/^[A-Za-z_]\w*$/, 'the name of an environment variable')
      .optional()
      .describe("This machine's environment variable that holds the password."),
  })
  .superRefine(({ passwordFile, passwordEnv }, context) => {
    if ((passwordFile === undefined) !== (passwordEnv === undefined)) return
    refuse(context, 'KW1043', 'expected either passwordFile or passwordEnv', 'name the one place where the password is')
  })

const registry = z.strictObject({
  host: text(/^(?:_default|[A-Za-z0-9][A-Za-z0-9.:-]*)$/, 'a registry as images name it, or "_default"').describe(
    'The registry as images name it: docker.io, registry.local:5000, or _default for all others.',
  ),
  server: httpUrl().optional().describe('The registry itself, asked when no mirror has the image.'),
  mirrors: z.array(mirror).default([]).describe('Mirrors, in the order in which they are tried.'),
  credentials: credentials.optional().describe('How to log in.'),
})

const runtime = z.strictObject({
  name: text(/^[a-z0-9][-a-z0-9]*$/, 'the name of a runtime handler').describe(
    'Handler name, as a RuntimeClass uses it.',
  ),
  runtimeType: text(/^[A-Za-z0-9._/-]+$/, 'the name or path of a shim').describe('The shim: io.containerd.runsc.v1.'),
  options: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .describe("The runtime's options."),
})

const containerd = z.strictObject({
  criSocket: text(/^(?:unix:\/\/)?\/[^\s\0]+$/, 'the absolute path of a socket')
    .optional()
    .describe('Path of the CRI socket.')
    .meta({ default: '/run/containerd/containerd.sock' }),
  restrictOomScoreAdj: z
    .boolean()
    .optional()
    .describe('Whether containers may not lower their OOM score (needed where the host is a container).')
    .meta({ default: false }),
  limitNOFILE: limit().optional().describe("LimitNOFILE of containerd's unit.").meta({ default: 'infinity' }),
  limitMEMLOCK: limit().optional().describe("LimitMEMLOCK of containerd's unit.").meta({ default: 'infinity' }),
  registries: z
    .array(registry)
    .optional()
    .describe('Registries with mirrors or credentials; one of the same host replaces that of the group or spec.'),
  runtimes: z
    .array(runtime)
    .optional()
    .describe('More runtime handlers (gVisor, Kata, NVIDIA); one of the same name replaces that of the group or spec.'),
})

const kubelet = z.strictObject({
  config: configSchema.optional().describe('Merged over the KubeletConfiguration.').meta({ default: {} }),
  extraArgs: extraArgsSchema
    .optional()
    .describe('Flags of the kubelet; a name replaces that of the group, the spec or the default.'),
  patches: patchesSchema
    .optional()
    .describe('Changes of the KubeletConfiguration; those of the spec come first, then the groups, then the host.'),
})

const labelPart = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'
const labelKey = () =>
  text(
    new RegExp(`^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?${labelPart}$`),
    'a label key such as rack or example.com/rack',
  )
const labelValue = () =>
  text(new RegExp(`^(?:${labelPart})?$`), 'a label value: at most 63 letters, digits, "-", "_" and "."')

const taint = z.strictObject({
  key: labelKey().describe('Key of the taint.'),
  value: labelValue().optional().describe('Value of the taint.'),
  effect: choice(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).describe(
    'What happens to pods that do not tolerate it.',
  ),
})

const machineSettings = {
  directories: directories.optional().describe('Where data is kept.'),
  containerd: containerd.meta({ id: 'containerd' }).optional().describe('containerd.'),
  kubelet: kubelet.meta({ id: 'kubelet' }).optional().describe('The kubelet.'),
  selinux: choice(['leave', 'permissive'])
    .optional()
    .describe('"leave" shows the state of SELinux, "permissive" makes it permissive.')
    .meta({ default: 'leave' }),
  firewall: choice(['manage', 'leave'])
    .optional()
    .describe('"manage" opens the needed ports in a firewall that runs, "leave" only looks at it.')
    .meta({ default: 'manage' }),
}

/** Settings of all hosts that a group or a host can override. */
export const sharedSettings = {
  ssh: z
    .strictObject({ ...connection, bastion })
    .meta({ id: 'ssh' })
    .optional()
    .describe('How hosts are reached.'),
  ...machineSettings,
}

const nodeSettings = {
  ...sharedSettings,
  interface: text(/^[A-Za-z0-9._-]{1,15}$/, 'the name of a network interface')
    .optional()
    .describe("The network interface that carries the nodes' traffic; by default the one with the node IP."),
  labels: z.record(labelKey(), labelValue()).optional().describe('Labels of the node.'),
  taints: z
    .array(taint)
    .optional()
    .describe('All taints of the node, also in place of the default one of a control plane that is not a worker.'),
}

/** Settings that several hosts share. */
export const groupSchema = z.strictObject(nodeSettings)

/** One host. */
export const hostSchema = z.strictObject({
  name: nodeName().describe("The node's name."),
  address: sshAddress().optional().describe('IP address, DNS name or alias of ~/.ssh/config; the name by default.'),
  roles: z
    .array(choice(['control-plane', 'worker', 'etcd']))
    .min(1, { error: 'expected at least one role' })
    .default(['worker'])
    .describe(
      'What the host is: a control plane, a worker, or both; or etcd alone, which then runs on such hosts only.',
    ),
  groups: z
    .array(z.string())
    .default([])
    .describe('Groups whose settings apply; a later one overrides an earlier one.'),
  connection: choice(['ssh', 'local']).default('ssh').describe('"local" is the machine on which kubewright runs.'),
  nodeIP: ipAddress()
    .optional()
    .describe('The address that other nodes use; by default the address if it is an IP, else found on the host.'),
  ...nodeSettings,
})
