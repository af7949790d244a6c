# Shell functions for a member that leaves etcd, beside those of etcd/member.sh.
# kw_etcd_healthy LIST: the ids of those members of `member list` that answer; all are asked at once.
kw_etcd_healthy() {
  while IFS=', ' read -r kw_id kw_status _ _ kw_client _; do
    [ "$kw_status" = started ] || continue
    kw_etcd "$kw_client" endpoint health >/dev/null 2>&1 && echo "healthy $kw_id" &
  done <<LIST
$1
LIST
  wait
}
# kw_etcd_here: whether the member of this host is `healthy`, only `answers`, because the majority is lost, or is not there.
kw_etcd_here() {
  kw_at=$(sed -n 's/.*--advertise-client-urls=\([^," ]*\).*/\1/p' /etc/kubernetes/manifests/etcd.yaml 2>/dev/null)
  if [ -z "$kw_at" ] || ! grep -qsx etcd /proc/[0-9]*/comm || ! command -v etcdctl >/dev/null || ! command -v etcdutl >/dev/null; then return 0; fi
  if kw_etcd "$kw_at" endpoint health >/dev/null 2>&1; then echo healthy
  elif kw_etcd "$kw_at" endpoint status >/dev/null 2>&1; then echo answers
  fi
}
# kw_snapshots DIRECTORY: the verified snapshots: file, age in seconds, size, revision.
kw_snapshots() {
  for kw_status in "$1"/*.json; do
    [ -e "${kw_status%.json}" ] || continue
    kw_age=$(($(date +%s) - $(stat -c %Y "$kw_status")))
    echo "snapshot ${kw_status%.json} $kw_age $(kw_number totalSize "$kw_status") $(kw_number revision "$kw_status")"
  done
}
kw_number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$2"; }
# kw_etcd_database URL DIRECTORY: bytes and revision that a snapshot of that member would have, and the bytes that are free for it.
kw_etcd_database() {
  kw_place=$2
  while [ ! -d "$kw_place" ]; do kw_place=$(dirname "$kw_place"); done
  kw_said=$(kw_etcd "$1" endpoint status --write-out json 2>/dev/null) || return 1
  echo "database $(echo "$kw_said" | kw_number dbSize -) $(echo "$kw_said" | kw_number revision -) $(($(stat -f -c '%a * %S' "$kw_place")))"
}
# kw_etcd_snapshot URL FILE: a snapshot of that member which only root can read. It counts when it has been verified; the five newest stay.
kw_etcd_snapshot() {
  kw_place=$(dirname "$2")
  mkdir -p "$kw_place" && chmod 0700 "$kw_place" && rm -f "$2.part" || return 1
  kw_etcd_saved "$1" "$2" || { rm -f "$2.part" "$2.part.part" "$2.checked"; return 1; }
  ls -1t "$kw_place"/*.json | tail -n +6 | while read -r kw_old; do rm -f "$kw_old" "${kw_old%.json}"; done
  kw_note "etcd snapshot on $(cat /proc/sys/kernel/hostname): $2, $(kw_number totalSize "$2.json") bytes, revision $(kw_number revision "$2.json"), verified"
}
# kw_etcd_saved URL FILE: the copy and what was found of it; etcdctl, too, writes to a file of its own first.
kw_etcd_saved() {
  kw_etcdctl 540 "$1" --dial-timeout 5s --command-timeout 530s snapshot save "$2.part" >/dev/null || return 1
  chmod 0600 "$2.part" && etcdutl snapshot status "$2.part" --write-out json >"$2.checked" || return 1
  [ "$(kw_number revision "$2.checked")" -gt 0 ] || { echo 'the snapshot holds nothing' >&2; return 1; }
  sync -d "$2.part" "$2.checked" && mv -T "$2.part" "$2" && mv -T "$2.checked" "$2.json"
}
# kw_etcd_remove URL ID: takes the member away; etcd refuses for a moment while it elects or has just taken another one.
kw_etcd_remove() {
  for _ in $(seq 20); do
    kw_said=$(kw_etcd "$1" member remove "$2" 2>&1 >/dev/null) && return 0
    case $kw_said in *'member not found'*) return 0 ;; esac
    sleep 1
  done
  echo "etcd at $1 does not let the member $2 go: $kw_said" >&2
  return 1
}
