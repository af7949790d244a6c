# Shell functions that find and remove what a cluster left on a host. Nothing here needs the API server or a running containerd.
KW=/var/lib/kubewright
# kw_below DIRECTORY...: mount points at or below the directories, the deepest first.
kw_below() {
  for kw_top; do
    kw_real=$(readlink -f "$kw_top") || continue
    # the kernel writes spaces and the like in octal
    sed 's/\\\([0-7]\)/\\0\1/g' /proc/self/mountinfo | while read -r _ _ _ _ kw_mount _; do
      case $kw_mount in *\\*) kw_mount=$(printf '%b' "$kw_mount") ;; esac
      case $kw_mount in "$kw_real" | "$kw_real"/*) printf '%s\n' "$kw_mount" ;; esac
    done
  done | sort -r
}
# kw_unmount DIRECTORY...: takes away what is mounted below; what a dead server holds is detached.
kw_unmount() {
  for kw_top; do
    kw_real=$(readlink -f "$kw_top") || continue
    kw_below "$kw_real" | while read -r kw_mount; do
      [ "$kw_mount" = "$kw_real" ] || timeout 30 umount "$kw_mount" || umount -l "$kw_mount"
    done
  done
}
# kw_erase PATH...: never follows a mount, since a volume that is still mounted holds somebody's data.
kw_erase() {
  for kw_path; do
    kw_held=$(kw_below "$kw_path")
    [ -z "$kw_held" ] || [ -L "$kw_path" ] || { echo "$kw_path is not removed, this is mounted there: $kw_held" >&2; return 1; }
    rm -rf --one-file-system -- "$kw_path" || return 1
  done
}
# kw_pod_processes: ids of the processes in the cgroups of pods; a host that is a pod itself cannot tell its own from them.
kw_pod_processes() {
  grep -qs /kubepods /proc/1/cgroup || grep -ls /kubepods /proc/[0-9]*/cgroup | cut -d / -f 3
}
# kw_shims: ids of containerd's shims for Kubernetes; they live on when containerd is dead.
kw_shims() {
  for kw_file in $(grep -las containerd-shim /proc/[0-9]*/cmdline); do
    if tr '\0' ' ' <"$kw_file" 2>/dev/null | grep -q -- '-namespace k8s\.io '; then echo "$kw_file" | cut -d / -f 3; fi
  done
}
# kw_ctr SOCKET ARGS...: containerd, if it is there and answers.
kw_ctr() {
  [ -S "$1" ] && command -v ctr >/dev/null || return 1
  kw_socket=$1; shift
  timeout 60 ctr --address "$kw_socket" "$@"
}
# kw_orphans: network namespaces of pods in which no process is left.
kw_orphans() {
  [ -d /run/netns ] || return 0
  kw_used=$(readlink /proc/[0-9]*/ns/net | sort -u)
  for kw_netns in /run/netns/cni-*; do
    [ -e "$kw_netns" ] || continue
    case $kw_used in *"[$(stat -c %i "$kw_netns")]"*) ;; *) echo "$kw_netns" ;; esac
  done
}
# kw_slices: the units of systemd that hold the pods' cgroups.
kw_slices() { systemctl list-units --all --plain --no-legend 'kubepods*.slice' | cut -d ' ' -f 1; }
# kw_pods_left SOCKET: what is left of pods, a line each.
kw_pods_left() {
  kw_pod_processes | sed 's/^/process /'
  kw_shims | sed 's/^/shim /'
  kw_ctr "$1" -n k8s.io containers ls -q | sed 's/^/container /'
  kw_orphans | sed 's/^/network /'
  kw_slices | sed 's/^/slice /'
  for kw_name in $(kw_ctr "$1" namespaces ls -q); do
    [ "$kw_name" = k8s.io ] || [ -z "$(kw_ctr "$1" -n "$kw_name" tasks ls -q)" ] || echo "foreign $kw_name"
  done
}
# kw_until_gone SECONDS: whether the processes of all pods have ended by then.
kw_until_gone() {
  for _ in $(seq $(($1 * 2))); do
    [ -n "$(kw_pod_processes)" ] || return 0
    sleep 0.5
  done
  return 1
}
# kw_end_containers SOCKET: containerd refuses one whose task is about to end, and finishes one that it was asked for before the kubelet stopped.
kw_end_containers() {
  kw_limit=$(($(date +%s) + 30))
  while [ "$(date +%s)" -lt "$kw_limit" ]; do
    kw_left=$(kw_ctr "$1" -n k8s.io containers ls -q)
    [ -n "$kw_left" ] || return 0
    kw_ctr "$1" -n k8s.io tasks rm -f $kw_left >/dev/null 2>&1 # those that have ended are named as errors
    kw_ctr "$1" -n k8s.io containers rm $kw_left >/dev/null 2>&1 || sleep 0.5
  done
}
# kw_end_pods SOCKET: ends them as an operator would, then by force; records, shims and network namespaces go after them.
kw_end_pods() {
  kill -TERM $(kw_pod_processes) 2>/dev/null
  kw_until_gone 10 || kill -KILL $(kw_pod_processes) 2>/dev/null
  kw_end_containers "$1"
  kill -KILL $(kw_shims) 2>/dev/null
  kw_until_gone 10
  kw_end_containers "$1"
  kw_orphans | while read -r kw_netns; do umount -l "$kw_netns" 2>/dev/null; rm -f "$kw_netns"; done
  systemctl stop $(kw_slices) 2>/dev/null
  grep -qs /kubepods /proc/1/cgroup || find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null
  return 0
}
# kw_netfilter OURS FOREIGN: chains whose names OURS matches, and rules of other chains that FOREIGN matches, for each program.
kw_netfilter() {
  kw_programs="iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy"
  command -v iptables-nft-save >/dev/null || command -v iptables-legacy-save >/dev/null || kw_programs="iptables ip6tables"
  for kw_program in $kw_programs; do
    command -v "$kw_program-save" >/dev/null || continue
    case $("$kw_program" -V) in
      *legacy*) [ -s "/proc/net/${kw_program%tables*}_tables_names" ] || continue ;; # to look would load the module
    esac
    echo "program $kw_program"
    "$kw_program-save" | grep -E "^\*|^:($1)|$2" | grep -vE "^-A ($1)"
  done
  command -v nft >/dev/null || return 0
  nft list tables
}
# kw_marked_rules: rules of nftables' own chains that we inserted: family, table, chain and handle.
kw_marked_rules() {
  command -v nft >/dev/null || return 0
  nft -a list ruleset | awk '
    $1 == "table" { table = $2 " " $3 }
    $1 == "chain" { chain = $2 }
    /comment "kubewright:/ && chain !~ /^[A-Z]+$/ { print table, chain, $NF }'
}
# kw_oldest PATH: the state of a file before the first operation that changed it; PATH.absent says that there was none.
kw_oldest() {
  for kw_operation in "$KW/originals" "$KW"/backups/*; do
    for kw_copy in "$kw_operation/files$1" "$kw_operation/files$1.absent" "$kw_operation/secrets$1" "$kw_operation/secrets$1.absent"; do
      if [ -e "$kw_copy" ] || [ -L "$kw_copy" ]; then echo "$kw_copy"; return; fi
    done
  done
}
# kw_touched: every path that we installed, changed or removed.
kw_touched() {
  {
    sed -n 's/^{"path":"\([^"]*\)".*/\1/p' "$KW/installed.ndjson"
    for kw_kept in "$KW"/originals/files "$KW"/backups/*/files; do
      (cd "$kw_kept" && find . \( -type f -o -type l \) -print | sed 's/^\.//; s/\.absent$//')
    done
  } 2>/dev/null | sort -u
}
# kw_leftovers DIRECTORY...: what remains of it outside of the directories: `remove PATH`, or `restore ORIGINAL PATH`, by tabs.
kw_leftovers() {
  kw_touched | while read -r kw_path; do
    for kw_top; do case $kw_path in "$kw_top" | "$kw_top"/*) continue 2 ;; esac; done
    kw_original=$(kw_oldest "$kw_path")
    case $kw_original in
      '' | *.absent)
        [ -n "$(kw_installed "$kw_path")" ] || continue # somebody else made it since
        if [ -e "$kw_path" ] || [ -L "$kw_path" ]; then printf 'remove\t%s\n' "$kw_path"; fi ;;
      *) [ "$(kw_file "$kw_original" - hide)" = "$(kw_file "$kw_path" - hide)" ] || printf 'restore\t%s\t%s\n' "$kw_original" "$kw_path" ;;
    esac
  done
}
# kw_uninstall PATH...: ours go, and so do their records.
kw_uninstall() { for kw_path; do rm -f -- "$kw_path" && kw_forget "$kw_path" || return 1; done; }
# kw_restore ORIGINAL PATH: the file as it was; a mount point is rewritten in place.
kw_restore() {
  kw_parents "$2" && cp -a -T "$1" "$2.kw-part" || return 1
  mv -T "$2.kw-part" "$2" 2>/dev/null || { cat "$1" >"$2" && rm -f "$2.kw-part"; } || return 1
  kw_forget "$2"
}
# kw_empty DIRECTORY...: the empty ones among them and below, but for those with a mount.
kw_empty() {
  for kw_top; do
    if [ -d "$kw_top" ] && [ ! -L "$kw_top" ] && [ -z "$(kw_below "$kw_top")" ]; then find "$kw_top" -xdev -type d -empty; fi
  done
}
# kw_prune DIRECTORY...: removes those, and whoever is empty without them.
kw_prune() {
  for kw_top; do
    [ -z "$(kw_empty "$kw_top")" ] || find "$kw_top" -xdev -depth -type d -empty -delete || return 1
  done
}
