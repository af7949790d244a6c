/** The Kubernetes minors that can be installed. */
export const supportedMinors: readonly string[] = ['1.36', '1.37']

/** How many control planes an inventory may name; several need high availability, which comes later. */
export const maxControlPlanes = 1
