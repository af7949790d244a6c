/** Authorities by the names of their rows in the table of certificates. */
export const authorityNames = ['ca', 'front-proxy-ca', 'etcd/ca'] as const

/** kubeadm's kubeconfig that needs no binding in the API. */
export const superAdminKubeconfig = '/etc/kubernetes/super-admin.conf'

/** Written where a run has been led from to its end, with the digest of what it proved. */
export const proofRecord = '/var/lib/kubewright/proof'
