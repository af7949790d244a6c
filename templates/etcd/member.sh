# Shell functions of etcd's membership. They need etcd/client.sh.
# kw_etcd URL ARGS...: etcdctl against the member with this client URL.
kw_etcd() {
  kw_url=$1; shift
  kw_etcdctl 15 "$kw_url" --dial-timeout 2s --command-timeout 5s "$@"
}
# kw_etcd_members URL...: the members as the first voter that answers knows them (learners tell nobody), and its URL.
kw_etcd_members() {
  for kw_at in "$@"; do
    kw_list=$(kw_etcd "$kw_at" member list 2>/dev/null) && { printf '%s\nby %s\n' "$kw_list" "$kw_at"; return 0; }
  done
  return 1
}
# kw_etcd_ask ARGS...: asks that voter, and keeps what it says for a message.
kw_etcd_ask() { kw_said=$(kw_etcd "$kw_voter" "$@" 2>&1 >/dev/null); }
# kw_etcd_has_data LOG: whether a member was begun or has joined here; a start that fails leaves everything but the log.
kw_etcd_has_data() { [ -n "$(ls "$1" 2>/dev/null)" ]; }
# kw_etcd_add NAME PEER LOG FILE URL...: makes this host a learner whatever an earlier run left, and writes the members that it starts with to FILE.
kw_etcd_add() {
  kw_name=$1; kw_peer=$2; kw_data=$3; kw_file=$4; shift 4
  kw_said='no member answers'; kw_hopeless=
  kw_until=$(($(date +%s) + 90))
  while [ "$(date +%s)" -lt "$kw_until" ]; do
    kw_members=$(kw_etcd_members "$@") && kw_etcd_step && return 0
    [ -z "$kw_hopeless" ] || break
    sleep 0.5
  done
  echo "etcd at $* takes no new member: $kw_said" >&2
  return 1
}
# kw_etcd_step: one step towards the membership; it succeeds when there is nothing left to do.
kw_etcd_step() {
  kw_voter=${kw_members##*by }; kw_mine=; kw_cluster=
  while IFS=', ' read -r kw_id kw_status kw_is kw_at kw_client kw_learner; do
    case $kw_id in by | '') continue ;; esac
    if [ "$kw_at" = "$kw_peer" ] && { [ "$kw_status" = unstarted ] || kw_etcd_has_data "$kw_data"; }; then
      kw_mine=$kw_id; kw_is=$kw_name
    elif [ "$kw_at" = "$kw_peer" ] || [ "$kw_is" = "$kw_name" ]; then
      # It was started and its data is not here: it can never come back as the same member.
      if grep -qsx etcd /proc/[0-9]*/comm; then kw_hopeless=1 kw_said="an etcd runs here without data in $kw_data"; return 1; fi
      kw_etcd_ask member remove "$kw_id"; return 1
    elif [ "$kw_learner" = true ]; then
      # A run that was cut off left it, and etcd takes one learner at a time.
      case $kw_status in
        unstarted) kw_etcd_ask member remove "$kw_id" ;;
        *) kw_etcd_ask member promote "$kw_id" || kw_said="the learner $kw_is ($kw_at) comes first, and $kw_said; start its host or, if that is gone for good, etcdctl member remove $kw_id" ;;
      esac
      return 1
    fi
    kw_cluster=$kw_cluster,$kw_is=$kw_at
  done <<LIST
$kw_members
LIST
  if [ -n "$kw_mine" ]; then printf '%s\n' "${kw_cluster#,}" >"$kw_file"; return; fi
  if kw_etcd_has_data "$kw_data"; then kw_hopeless=1 kw_said="$kw_data holds the data of a member that they do not know"; return 1; fi
  kw_etcd_ask member add "$kw_name" --learner --peer-urls "$kw_peer"
  return 1
}
# kw_etcd_promote PEER SECONDS URL...: makes this host's learner a voter as soon as it has what the others have.
kw_etcd_promote() {
  kw_peer=$1; kw_limit=$(($(date +%s) + $2)); shift 2
  kw_said='no member answers'
  while [ "$(date +%s)" -lt "$kw_limit" ]; do
    if kw_members=$(kw_etcd_members "$@"); then
      kw_voter=${kw_members##*by }
      kw_own=$(printf '%s\n' "$kw_members" | grep -F ", $kw_peer, ")
      case $kw_own in
        *', false') return 0 ;;
        *', true') kw_etcd_ask member promote "${kw_own%%,*}" && continue ;;
        *) kw_said="$kw_peer is not a member" ;;
      esac
    fi
    sleep 1
  done
  for kw_log in /var/log/pods/kube-system_etcd-*/*/*.log; do [ -e "$kw_log" ] && tail -n 8 "$kw_log" >&2; done
  echo "etcd did not become a voter: $kw_said" >&2
  return 1
}
