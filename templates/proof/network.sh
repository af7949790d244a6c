# kw_proof SERVER IMAGE DOMAIN NODES: a pod on every node reaches a pod on the next node, a service, and cluster DNS; it cleans up after itself.
kw_proof() {
  kw_api=$1; kw_image=$2; kw_domain=$3; kw_count=$4
  kw_space=kubewright-proof
  kw_get() { kw_kubectl "$kw_api" --request-timeout=20s "$@"; }
  kw_get delete namespace "$kw_space" --ignore-not-found --wait=true --timeout=120s >/dev/null
  trap 'kw_get delete namespace "$kw_space" --ignore-not-found --wait=false >/dev/null 2>&1' EXIT
  kw_get create namespace "$kw_space" >/dev/null || return 1
  kw_get -n "$kw_space" apply -f - >/dev/null <<YAML || return 1
apiVersion: v1
kind: Service
metadata: { name: proof }
spec: { selector: { app: proof }, ports: [{ port: 80, targetPort: 8080 }] }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: proof }
spec:
  selector: { matchLabels: { app: proof } }
  template:
    metadata: { labels: { app: proof } }
    spec:
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 0
      tolerations: [{ operator: Exists }]
      containers:
        - name: proof
          image: $kw_image
          imagePullPolicy: IfNotPresent
          args: [netexec, --http-port=8080]
          readinessProbe: { httpGet: { path: /healthz, port: 8080 }, periodSeconds: 1 }
YAML
  kw_kubectl "$kw_api" -n "$kw_space" rollout status daemonset/proof --timeout=180s >/dev/null || {
    kw_get -n "$kw_space" get pods -o wide >&2
    kw_get -n "$kw_space" get events --sort-by=.lastTimestamp 2>&1 | tail -n 12 >&2
    return 1
  }
  kw_pods=$(kw_get -n "$kw_space" get pods -o jsonpath='{range .items[*]}{.metadata.name} {.status.podIP} {.spec.nodeName}{"\n"}{end}')
  [ "$(printf '%s\n' "$kw_pods" | wc -l)" -ge "$kw_count" ] || { echo "the check runs on too few nodes:" >&2; echo "$kw_pods" >&2; return 1; }
  kw_failed=0
  kw_last=$(printf '%s\n' "$kw_pods" | tail -n 1 | cut -d ' ' -f 2)
  while read -r kw_pod kw_address kw_node; do
    kw_dial "$kw_last" 8080 "pod $kw_last on another node"
    kw_dial "$(kw_get -n "$kw_space" get service proof -o jsonpath='{.spec.clusterIP}')" 80 'a service by its address'
    kw_dial "proof.$kw_space.svc.$kw_domain" 80 'a service by its name in cluster DNS'
    kw_last=$kw_address
  done <<LIST
$kw_pods
LIST
  return $kw_failed
}
# kw_dial TARGET PORT TITLE: the pod asks the target for its name; a new service may need a moment.
kw_dial() {
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    kw_answer=$(kw_get get --raw "/api/v1/namespaces/$kw_space/pods/$kw_pod:8080/proxy/dial?host=$1&port=$2&protocol=http&request=hostname&tries=1" 2>&1) || : # under set -e
    case $kw_answer in *'"responses"'*) return 0 ;; esac
    sleep 1
  done
  echo "a pod on $kw_node does not reach $3 ($1:$2): $kw_answer" >&2
  kw_failed=1
}
