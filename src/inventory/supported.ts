/** The Kubernetes minors that can be installed. */
export const supportedMinors: readonly string[] = ['1.36', '1.37']

/** How many control planes an inventory may name: each member of etcd more makes every write slower. */
export const maxControlPlanes = 5
