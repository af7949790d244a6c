/** The name of the client key among the secrets of a run. */
export const etcdClientKey = 'etcd-client-key'

/** What one control plane finds at one endpoint of an external etcd. */
export interface ObservedEndpoint {
  /** The control plane that asked. */
  readonly host: string
  readonly endpoint: string
  readonly found: EndpointAnswer | EndpointProblem
}

/** A member of etcd that answers. */
export interface EndpointAnswer {
  readonly version: string
  /** As decimal digits: they are too long for a number. */
  readonly clusterId: string
  readonly memberId: string
  /** `0`: there is none. */
  readonly leaderId: string
  /** Bytes. */
  readonly databaseSize: number
  /** The members that it knows. */
  readonly members: readonly EndpointMember[]
  /** What it complains of. */
  readonly errors: readonly string[]
  /** Whether there is anything below the prefix of the API server; undefined if that may not be read. */
  readonly hasObjects: boolean | undefined
}

/** A member as another one knows it. */
export interface EndpointMember {
  /** Empty while it was never started. */
  readonly name: string
  readonly clientURLs: readonly string[]
  readonly learner: boolean
}

/** Why nothing is known. */
export interface EndpointProblem {
  /** `not-forwarded`: sshd lets nobody through; `silent`: nobody listens; `tls`: no agreement on certificates; `answer`: not that of etcd. */
  readonly problem: 'not-forwarded' | 'silent' | 'tls' | 'answer'
  readonly message: string
}

/** The endpoints that answered, each once. */
export function answeringEndpoints(
  observed: readonly ObservedEndpoint[],
): readonly { readonly endpoint: string; readonly answer: EndpointAnswer }[] {
  const answers = new Map(
    observed.flatMap(({ endpoint, found }) => ('problem' in found ? [] : [[endpoint, found] as const])),
  )
  return [...answers].map(([endpoint, answer]) => ({ endpoint, answer }))
}
