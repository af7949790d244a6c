# kw_network: pods on the nodes ask each other, services, DNS and the API. It prints a line for each thing that it learns:
#   node NODE running|failed|unasked WHY     cell KIND FROM TO ok|failed|skipped WHY     fact NAME NODE VALUE
# and removes what it has made. It reads KW_SERVER, KW_OBJECTS, KW_NODES (a line `NODE POD PEER...` each), KW_PODS (how many
# there are), KW_LIMIT (seconds until they run), KW_KINDS, KW_TARGETS (see pod.sh), KW_ASK (pod.sh itself) and KW_POLICY.
kw_net() { kw_kubectl "$KW_SERVER" --request-timeout=20s -n "$kw_space" "$@"; }
kw_network() {
  kw_space=kubewright-check-$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  trap 'kw_network_clean' EXIT
  trap 'exit 1' TERM HUP INT
  trap '' PIPE # who reads may be gone, and there is still something to remove
  kw_network_create "$KW_OBJECTS" || { echo "error $kw_why" >&3; return 1; }
  case " $KW_KINDS " in *' facts '*) kw_network_facts & ;; esac
  kw_network_wait
  kw_table=$(kw_network_table)
  kw_network_ask
  [ -z "$KW_POLICY" ] || kw_network_policy
  wait
  kw_network_sweep
  echo end >&3
}
# kw_network_create YAML: leaves in kw_why why it could not.
kw_network_create() {
  kw_why=$(printf '%s' "$1" | sed "s/@space@/$kw_space/g" | kw_net create --validate=false -f - 2>&1 >/dev/null) && return
  kw_why=$(printf '%s' "$kw_why" | tr '\n' ' ' | cut -c 1-1000)
  return 1
}
# kw_network_clean: what runs is let go, and the namespace with all that is in it is deleted.
kw_network_clean() {
  trap '' TERM HUP INT
  kw_net delete namespace "$kw_space" --ignore-not-found "--wait=$KW_WAIT" --timeout=60s >/dev/null 2>&1
}
# kw_network_sweep: a check whose host died has left its namespace.
kw_network_sweep() {
  kw_old=$(date -u -d '-15 minutes' +%FT%TZ)
  printf '%s\n' "$kw_seen" | grep '^Namespace kubewright-check-' | while read -r _ kw_left _ kw_born; do
    [ "$(printf '%s\n' "$kw_born" "$kw_old" | sort | head -n 1)" = "$kw_old" ] || kw_net delete namespace "$kw_left" --wait=false >/dev/null 2>&1
  done
}
# kw_network_wait: until all pods run, or the limit has passed. Leaves what was seen in kw_seen.
kw_network_wait() {
  kw_end=$(($(date +%s) + KW_LIMIT))
  while :; do
    kw_seen=$(kw_net get namespaces,pods,services -o jsonpath='{range .items[*]}{.kind} {.metadata.name} {.status.phase} {.status.podIP}{.spec.clusterIP} {.metadata.creationTimestamp}{"\n"}{end}')
    kw_settled=$(printf '%s\n' "$kw_seen" | grep -c '^Pod [^ ]* \(Running [0-9a-f]\|Failed\)')
    if [ "$kw_settled" -ge "$KW_PODS" ] || [ "$(date +%s)" -ge "$kw_end" ]; then return; fi
    sleep 0.2
  done
}
# kw_network_table: a line `NODE POD ADDRESS SERVICE` for each node whose pod runs; what holds up the others goes to the result.
kw_network_table() {
  printf '%s\n' "$KW_NODES" | while read -r kw_node kw_pod kw_peers; do
    kw_address=$(printf '%s\n' "$kw_seen" | sed -n "s/^Pod $kw_pod Running \([^ ][^ ]*\) .*/\1/p")
    if [ -n "$kw_address" ]; then
      echo "$kw_node $kw_pod $kw_address $(printf '%s\n' "$kw_seen" | sed -n "s/^Service $kw_pod  *\([^ ]*\) .*/\1/p")"
      echo "node $kw_node running" >&3
    else
      kw_why=$(
        kw_net get pod "$kw_pod" -o jsonpath='{.status.reason} {.status.containerStatuses[0].state.waiting.reason} {.status.containerStatuses[0].state.waiting.message}. ' 2>&1
        kw_net get events --field-selector "involvedObject.name=$kw_pod,type=Warning" -o jsonpath='{.items[-1:].message}' 2>&1
      )
      echo "node $kw_node failed $(printf '%s' "$kw_why" | tr '\n' ' ' | cut -c 1-400)" >&3
    fi
  done
}
# kw_network_ask: all pods at once, some at a time where there are many.
kw_network_ask() {
  kw_count=0
  while read -r kw_node kw_pod kw_peers; do
    case $kw_table in *" $kw_pod "*) ;; *) continue ;; esac
    kw_network_exec "$kw_node" "$kw_pod" "$KW_KINDS" "$kw_peers" &
    case $KW_KINDS in *node*) kw_network_exec "$kw_node" "$kw_pod-host" 'host' "$kw_peers" & ;; esac
    kw_count=$((kw_count + 1))
    [ $((kw_count % 10)) -ne 0 ] || wait
  done <<NODES
$KW_NODES
NODES
  wait
}
# kw_network_exec NODE POD KINDS PEERS: what a pod has to say. One that hangs with its node does not hold up the others.
kw_network_exec() {
  kubectl() { export NO_PROXY no_proxy KUBECTL_KUBERC; timeout 300 kubectl "$@"; }
  kw_kubectl "$KW_SERVER" -n "$kw_space" exec "$2" -- sh -c "$KW_ASK" sh "$3" "$1" "$4" "$kw_table" $KW_TARGETS 2>&1 | {
    kw_last=
    while read -r kw_line; do
      case $kw_line in
        'cell '* | 'fact '*) printf '%s\n' "$kw_line" >&3 ;;
        *) kw_last=$kw_line ;;
      esac
    done
    [ "$kw_last" = end ] || echo "node $1 unasked $kw_last" >&3
  }
}
# kw_network_facts: what explains a failure.
kw_network_facts() {
  kw_net get nodes -o jsonpath='{range .items[*]}fact ready {.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\n"}fact address {.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address}{"\n"}fact flannel {.metadata.name} {.metadata.annotations.flannel\.alpha\.coreos\.com/public-ip}{"\n"}fact calico {.metadata.name} {.metadata.annotations.projectcalico\.org/IPv4Address}{"\n"}{end}' >&3
  kw_agents='{range .items[*]}fact agent {.spec.nodeName} {.metadata.labels.k8s-app}{.metadata.labels.app} {.status.conditions[?(@.type=="Ready")].status}{.metadata.deletionTimestamp}{"\n"}{end}'
  kw_net get pods -n kube-system -l 'k8s-app in (kube-proxy,kube-dns,calico-node)' -o jsonpath="$kw_agents" >&3
  kw_net get pods -n kube-flannel -l app=flannel -o jsonpath="$kw_agents" >&3
}
# kw_network_policy: the first pod loses its way to the last one, and gets it back.
kw_network_policy() {
  read -r kw_node kw_pod kw_address kw_service <<FIRST
$kw_table
FIRST
  kw_to=$(printf '%s\n' "$kw_table" | tail -n 1)
  kw_other=${kw_to#* }; kw_other=${kw_other%% *}
  if [ "$kw_other" = "$kw_pod" ]; then
    echo "cell blocked $kw_node $kw_node skipped it takes two nodes" >&3
    return
  fi
  if ! kw_network_create "$(printf '%s' "$KW_POLICY" | sed "s/@pod@/$kw_other/g")"; then
    echo "cell blocked $kw_node ${kw_to%% *} failed the policy could not be made: $kw_why" >&3
    return
  fi
  kw_network_exec "$kw_node" "$kw_pod" closed "$kw_other" &
  wait $!
  kw_net delete networkpolicy closed >/dev/null 2>&1
  kw_network_exec "$kw_node" "$kw_pod" open "$kw_other" &
  wait $!
}
# kw_network_watched: the same for somebody who may go away: when the input ends it is given up, after the command that runs.
kw_network_watched() {
  exec 4<&0 # a command in the background loses its input
  kw_network </dev/null 4<&- 3>&1 &
  kw_work=$!
  { cat >/dev/null; kill -s TERM "$kw_work"; } <&4 >/dev/null 2>&1 &
  kw_watch=$!
  wait "$kw_work"
  kill -s TERM "$kw_watch"
}
# kw_network_proof: the same for an action: it fails if anything does, and says what.
kw_network_proof() {
  kw_found=$(set +e; kw_network 3>&1) || : # under set -e
  kw_bad=$(printf '%s\n' "$kw_found" | grep -e '^error ' -e '^cell [^ ]* [^ ]* [^ ]* failed' -e '^node [^ ]* [fu]') || :
  case "$kw_bad$kw_found" in *end) [ -n "$kw_bad" ] || return 0 ;; esac
  printf '%s\n' "$kw_bad" | sed -e 's/^cell \([^ ]*\) \([^ ]*\) - failed/\2 does not reach \1:/' \
    -e 's/^cell \([^ ]*\) \([^ ]*\) \([^ ]*\) failed/\2 does not reach the \1 of \3:/' -e 's/^node \([^ ]*\) [^ ]*/the pod of the check on \1:/' >&2
  echo 'kubewright check network names the likely cause' >&2
  return 1
}
# kw_network_proven SECONDS: the same, begun again for so long after it has failed: what watches the API through a proxy that was changed a moment ago
# has backed off for up to half a minute, twice if that was the second time, and learns of services as late.
kw_network_proven() {
  kw_network_proof && return 0
  kw_until=$(($(date +%s) + $1))
  while [ "$(date +%s)" -lt "$kw_until" ]; do
    sleep 15
    kw_network_proof && return 0
  done
  return 1
}
