import type { Deliver } from '../engine/resource.ts'

/** One file that a cluster needs, at one version, for one architecture. */
export interface Artifact {
  readonly name: string
  /** Without a leading `v`. */
  readonly version: string
  readonly architecture: string
  readonly kind: 'binary' | 'archive' | 'image' | 'manifest'
  readonly sha256: string
  /** Bytes, where the source knows that. */
  readonly size: number | undefined
  /** A file of the control machine, or a URL that the host downloads. */
  readonly from: Deliver['from']
  /** For images: the upstream reference, `registry.k8s.io/kube-apiserver:v1.37.1`. */
  readonly image: string | undefined
  /** For a binary inside an archive: its path in it. */
  readonly member: string | undefined
}

/** Everything that a source offers. */
export interface ArtifactIndex {
  /** Digest of the index, for saved plans. */
  readonly digest: string
  /** Whether archives of it are compressed by zstd, a program that hosts may lack. */
  readonly zstd: boolean
  has(name: string, version: string, architecture: string): boolean
  /** The artifact, or an error (KW4001) that names what is missing and how to get it. */
  find(name: string, version: string, architecture: string): Artifact
  /** The image with this upstream reference, or an error (KW4001). */
  findImage(reference: string, architecture: string): Artifact
}
