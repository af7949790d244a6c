/** Authorities by the names of their rows in the table of certificates. */
export const authorityNames = ['ca', 'front-proxy-ca', 'etcd/ca'] as const
