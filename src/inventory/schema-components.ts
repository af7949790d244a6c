import { z } from 'zod'
import { externalEtcdSchema } from './schema-etcd.ts'
import { choice, hostPath, labelName, localPath, refuse, subjectAlternativeName, text } from './schema-values.ts'

const flagName = () => text(/^[a-z][A-Za-z0-9.-]*$/, "a flag's name without leading dashes")
const variableName = () => text(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of an environment variable')

const namedValues = (name: () => z.ZodString, what: string) =>
  z.union([
    z.array(
      z.strictObject({
        name: name().describe(`Name of the ${what}.`),
        value: z.string().describe('Its value, a string.'),
      }),
    ),
    z.record(name(), z.string().describe(`Value of the ${what}, a string.`)),
  ])

/** Flags, as a list of name and value (a name may repeat) or as a map. */
export const extraArgsSchema = namedValues(flagName, 'flag').meta({ id: 'extraArgs' })

const extraEnvsSchema = namedValues(variableName, 'variable').meta({ id: 'extraEnvs' })

/** Changes of a rendered object, in their order. */
export const patchesSchema = z
  .array(
    z
      .strictObject({
        type: choice(['strategic', 'merge', 'json'])
          .default('strategic')
          .describe('strategic merge patch, JSON merge patch, or a list of JSON patch operations.'),
        patch: z.unknown().describe('The patch: a map, or for type "json" a list of operations.'),
      })
      .superRefine(({ type, patch }, context) => {
        if (type === 'json') checkOperations(patch, context)
        else if (!isMap(patch))
          refuse(context, 'KW1014', `a ${type} patch is a map`, 'write it as a part of the object', ['patch'])
      }),
  )
  .meta({ id: 'patches' })

function checkOperations(patch: unknown, context: z.RefinementCtx): void {
  if (!Array.isArray(patch)) {
    refuse(context, 'KW1014', 'a json patch is a list of operations', 'such as - { op: remove, path: /spec/x }', [
      'patch',
    ])
    return
  }
  for (const [index, operation] of patch.entries()) {
    const wrong = operationFault(operation)
    if (wrong !== undefined) refuse(context, 'KW1014', wrong, 'see RFC 6902', ['patch', index])
  }
}

function operationFault(operation: unknown): string | undefined {
  if (!isMap(operation)) return 'a JSON patch operation is a map'
  const { op, path, from } = operation
  const operations = ['add', 'remove', 'replace', 'move', 'copy', 'test']
  if (typeof op !== 'string' || !operations.includes(op)) return `op is one of ${operations.join(', ')}`
  if (!isPointer(path)) return 'path is a JSON pointer, such as /spec/containers/0'
  if (['add', 'replace', 'test'].includes(op) && !('value' in operation)) return `the operation ${op} needs a value`
  if (['move', 'copy'].includes(op) && !isPointer(from)) return `the operation ${op} needs from, a JSON pointer`
  return undefined
}

function isPointer(value: unknown): boolean {
  return typeof value === 'string' && /^(?:\/.*)?$/.test(value)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const extraVolumeSchema = z.strictObject({
  name: labelName().describe('Name of the volume.'),
  hostPath: hostPath().describe('Path on the host.'),
  mountPath: hostPath().describe('Path in the container.'),
  readOnly: z.boolean().default(false).describe('Whether the container may only read it.'),
  pathType: choice(['', 'DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket'])
    .default('')
    .describe('What has to be at the path, as in a hostPath volume.'),
})

const placedFileSchema = z.strictObject({
  source: localPath().describe('File on this machine, relative to the inventory.'),
  path: hostPath()
    .regex(/^\/etc\/kubernetes\/(?!manifests(?:\/|$)|pki(?:\/|$)|[^/]+\.conf$)/, {
      error: 'expected a path below /etc/kubernetes, and neither in manifests nor in pki nor a kubeconfig',
    })
    .describe('Absolute path on the control planes, below /etc/kubernetes; the pod sees it at the same path.'),
  mode: text(/^0[0-7]{3}$/, 'a file mode such as "0600"')
    .default('0600')
    .describe('File mode, quoted.'),
})

const component = {
  extraArgs: extraArgsSchema
    .default([])
    .describe('Flags; a name that is given here replaces the default with that name.'),
  extraEnvs: extraEnvsSchema.default([]).describe('Environment variables.'),
  extraVolumes: z
    .array(extraVolumeSchema)
    .meta({ id: 'extraVolumes' })
    .default([])
    .describe('Paths of the host that are mounted into the pod.'),
  files: z
    .array(placedFileSchema)
    .meta({ id: 'files' })
    .default([])
    .describe('Files of this machine that are placed on the control planes and mounted into the pod.'),
  patches: patchesSchema.default([]).describe('Changes of the static pod, as by kubeadm --patches.'),
}
const subjectAlternativeNames = (certificate: string) =>
  z.array(subjectAlternativeName()).default([]).describe(`More addresses and names in the ${certificate} certificate.`)

/** etcd's static pod. */
export const etcdSchema = z
  .strictObject({
    ...component,
    serverCertSANs: subjectAlternativeNames('server'),
    peerCertSANs: subjectAlternativeNames('peer'),
    external: externalEtcdSchema.optional(),
  })
  .prefault({})
  .describe('etcd.')

/** The API server's static pod. */
export const apiServerSchema = z
  .strictObject({ ...component, certSANs: subjectAlternativeNames('server') })
  .prefault({})
  .describe('The API server.')

/** The controller manager's static pod. */
export const controllerManagerSchema = z.strictObject(component).prefault({}).describe('The controller manager.')

/** The scheduler's static pod. */
export const schedulerSchema = z.strictObject(component).prefault({}).describe('The scheduler.')

/** A part of a Kubernetes object, whose fields are Kubernetes' own. */
export const configSchema = z.record(z.string(), z.unknown())

/** kube-proxy. */
export const kubeProxySchema = z
  .strictObject({
    mode: choice(['iptables', 'nftables', 'ipvs', 'none'])
      .default('iptables')
      .describe('How services are made (ipvs is deprecated); none leaves them to a network of your own.'),
    config: configSchema.default({}).describe('Merged over the KubeProxyConfiguration.'),
    patches: patchesSchema.default([]).describe('Changes of the DaemonSet.'),
  })
  .prefault({})
  .describe('kube-proxy.')
