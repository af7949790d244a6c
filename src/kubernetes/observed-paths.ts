/** Authorities by the names of their rows in the table of certificates. */
export const authorityNames = ['ca', 'front-proxy-ca', 'etcd/ca'] as const

/** kubeadm's directory of certificates. */
export const pki = '/etc/kubernetes/pki'

/** kubeadm's directory of static pods. */
export const manifests = '/etc/kubernetes/manifests'
