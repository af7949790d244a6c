import { z } from 'zod'
import {
  apiServerSchema,
  controllerManagerSchema,
  etcdSchema,
  kubeProxySchema,
  schedulerSchema,
} from './schema-components.ts'
import { groupSchema, hostSchema, sharedSettings } from './schema-hosts.ts'
import { cniSchema, endpointSchema, imageRepositoriesSchema, networkingSchema, proxySchema } from './schema-network.ts'
import { choice, duration, httpUrl, labelName, localPath, nonEmpty, text, wholeNumber } from './schema-values.ts'

const certificatesSchema = z
  .strictObject({
    validity: duration().default('8760h').describe('How long certificates are valid.'),
    caValidity: duration().default('87600h').describe('How long certificate authorities are valid.'),
    algorithm: choice(['RSA-2048', 'RSA-3072', 'RSA-4096', 'ECDSA-P256', 'ECDSA-P384'])
      .default('RSA-2048')
      .describe('Algorithm of new keys.'),
  })
  .prefault({})
  .describe('Certificates.')

const artifactsSchema = z
  .strictObject({
    source: choice(['upstream', 'mirror', 'bundle'])
      .default('upstream')
      .describe(
        'Where binaries and images come from: the internet, a web server with the tree of a bundle, or a bundle directory.',
      ),
    path: localPath().optional().describe('Directory of the bundle, relative to the inventory (source "bundle").'),
    url: httpUrl().optional().describe('URL of the mirror (source "mirror").'),
    delivery: choice(['push', 'pull'])
      .optional()
      .describe(
        '"push" sends from this machine over SSH (the default of a bundle), "pull" lets the hosts download (the default otherwise).',
      ),
    images: choice(['artifacts', 'registry'])
      .optional()
      .describe(
        'Whether images come with the artifacts (the default of a bundle) or from their registries (the default otherwise).',
      ),
  })
  .prefault({})
  .describe('Where binaries and images come from.')

const specSchema = z.strictObject({
  kubernetesVersion: text(/^\d+\.\d+\.\d+$/, 'an exact version such as "1.37.1"').describe(
    'The Kubernetes version, exact and quoted: "1.37.1".',
  ),
  controlPlaneEndpoint: endpointSchema.optional(),
  networking: networkingSchema,
  cni: cniSchema,
  imageRepositories: imageRepositoriesSchema,
  proxy: proxySchema.optional(),
  etcd: etcdSchema,
  apiServer: apiServerSchema,
  controllerManager: controllerManagerSchema,
  scheduler: schedulerSchema,
  kubeProxy: kubeProxySchema,
  dns: z
    .strictObject({ replicas: wholeNumber(1, 100).default(2).describe('Number of CoreDNS pods.') })
    .prefault({})
    .describe('CoreDNS.'),
  certificates: certificatesSchema,
  artifacts: artifactsSchema,
  preflight: z
    .strictObject({ ignore: z.array(nonEmpty()).default([]).describe('Ids of checks that may fail.') })
    .prefault({})
    .describe('Checks before anything is changed.'),
  ...sharedSettings,
  groups: z
    .record(z.string(), groupSchema)
    .default({})
    .describe('Settings that several hosts share, by the name of the group.'),
  hosts: z.array(hostSchema).min(1, { error: 'expected at least one host' }).describe('The hosts of the cluster.'),
})

/** The inventory as the user writes it. */
export const inventorySchema = z
  .strictObject({
    apiVersion: choice(['kubewright/v1alpha1']).describe('The version of this format.'),
    kind: choice(['Cluster']).describe('What the file describes.'),
    metadata: z
      .strictObject({ name: labelName().describe("The cluster's name.") })
      .describe('Identity of the cluster.'),
    spec: specSchema.describe('What the cluster is.'),
  })
  .describe('A Kubernetes cluster for kubewright.')

/** The inventory after validation of its shape, with defaults where spec, groups and hosts do not share the setting. */
export type Inventory = z.output<typeof inventorySchema>

/** What is written below `spec`. */
export type InventorySpec = Inventory['spec']

/** What is written about one host. */
export type InventoryHost = InventorySpec['hosts'][number]

/** What spec, groups and hosts can share. */
export type SharedSettings = z.output<typeof groupSchema>
