# kw_etcdctl SECONDS URLS ARGS...: etcdctl by the client certificate of etcd's own health check, ended after so many seconds.
kw_etcdctl() {
  kw_seconds=$1 kw_urls=$2; shift 2
  timeout "$kw_seconds" etcdctl --endpoints "$kw_urls" --cacert /etc/kubernetes/pki/etcd/ca.crt \
    --cert /etc/kubernetes/pki/etcd/healthcheck-client.crt --key /etc/kubernetes/pki/etcd/healthcheck-client.key "$@"
}
