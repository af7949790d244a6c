# Shell functions for one of several that shall not stop while another is ill; who is dead anyway may be replaced at any time.
# kw_last_words COMPONENT
kw_last_words() { for kw_log in /var/log/pods/kube-system_"$1"-*/*/*.log; do [ -e "$kw_log" ] && tail -n 8 "$kw_log" >&2; done; }
# kw_etcd_turn URL: waits until the member there may stop without a loss of quorum. It needs etcd/member.sh.
kw_etcd_turn() {
  kw_in_time 60 kw_etcd_may_stop "$1" && return
  echo "$kw_said, so etcd is not stopped here; mend that first, with kubewright apply --limit" >&2
  return 1
}
kw_etcd_may_stop() {
  kw_well=
  command -v etcdctl >/dev/null || return 0 # it comes with the first run's end
  kw_status=$(kw_etcd "$1" endpoint status --write-out json 2>/dev/null) || return 0
  case $kw_status in *'"isLearner":true'*) return 0 ;; esac
  kw_voters=$(kw_etcd "$1" member list 2>/dev/null | sed -n 's/.*, \([^ ]*\), false$/\1/p')
  kw_said='etcd has no quorum'
  for kw_at in $kw_voters; do
    kw_etcd "$kw_at" endpoint health >/dev/null 2>&1 || { kw_said="etcd at $kw_at is not healthy"; return 1; }
    kw_well=1
  done
  [ -n "$kw_well" ]
}
# kw_etcd_back URL: waits until the member is as well as it was.
kw_etcd_back() {
  [ -n "$kw_well" ] || return 0
  kw_in_time 180 kw_etcd "$1" endpoint health >/dev/null 2>&1 && return
  kw_last_words etcd
  echo 'etcd does not become healthy with its new manifest' >&2
  return 1
}
kw_api_ready() { kw_kubectl "$1" get --raw /readyz --request-timeout=5s >/dev/null 2>&1; }
# kw_api_turn OWN OTHER...: waits until all the other API servers are ready.
kw_api_turn() {
  kw_own=$1; shift; kw_well=
  kw_in_time 5 kw_api_ready "$kw_own" || return 0
  kw_well=1
  for kw_at in "$@"; do
    kw_in_time 120 kw_api_ready "$kw_at" && continue
    echo "the API server $kw_at is not ready, so no other one is stopped; mend that first, with kubewright apply --limit" >&2
    return 1
  done
}
# kw_api_back OWN: waits until the API server is as well as it was.
kw_api_back() {
  [ -n "$kw_well" ] || return 0
  kw_in_time 240 kw_api_ready "$1" && return
  kw_last_words kube-apiserver
  echo 'the API server does not become ready with its new manifest' >&2
  return 1
}
