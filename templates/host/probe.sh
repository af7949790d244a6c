# Shell functions that probes use; read-only.
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Programs in Go that live for a moment need no garbage collection; the limit is for those that read much.
export GOGC=off GOMEMLIMIT=256MiB
# kw_file PATH SHA256 SHOW: kind, mode, owner and hash of a file; its text too when it differs and may be shown.
kw_file() {
  if [ -L "$1" ]; then echo "link - - $(readlink "$1")"
  elif [ -d "$1" ]; then stat -c 'directory %a %U:%G -' "$1"
  elif [ -e "$1" ]; then
    kw_sum=$(sha256sum <"$1"); kw_sum=${kw_sum%% *}
    stat -c "file %a %U:%G $kw_sum" "$1"
    if [ "$3" = show ] && [ "$kw_sum" != "$2" ] && [ "$(stat -c %s "$1")" -lt 65536 ]; then cat "$1"; fi
  else echo "absent - - -"
  fi
}
# kw_paths 'SHA256 TEXT PATH'...: kind, mode, owner and hash of paths, all by one process each; then the text of those that
# differ from SHA256 if TEXT is `differs`, or in any case if it is `show`.
kw_paths() {
  kw_words="
$(printf '%s\n' "$@")
"
  for kw_word; do shift; set -- "$@" "${kw_word#* * }"; done
  stat -c 'stat|%F|%a|%U:%G|%n' "$@"
  sha256sum "$@" | while read -r kw_sum kw_path; do
    echo "sum $kw_sum $kw_path"
    case $kw_words in
      *"
- show $kw_path
"*) ;;
      *"
$kw_sum differs $kw_path
"*) continue ;;
      *" differs $kw_path
"*) [ ! -L "$kw_path" ] && [ "$(stat -c %s "$kw_path")" -lt 65536 ] || continue ;;
      *) continue ;;
    esac
    echo "text $kw_path"
    sed 's/^/|/' "$kw_path"
    echo
  done
}
# kw_sha256 FILE: its hash. OpenSSL has the processor's instructions for it, coreutils often not; small files do not pay for its start.
kw_sha256() {
  if [ "$(stat -Lc %s "$1" || echo 0)" -gt 1048575 ] && kw_sum=$(openssl dgst -sha256 -r "$1" 2>/dev/null); then :
  else kw_sum=$(sha256sum <"$1")
  fi
  echo "${kw_sum%% *}"
}
# kw_inputs PATH...: one hash over what a service reads; large files count by size, ctime and inode.
kw_inputs() {
  [ $# -gt 0 ] || { echo none; return; }
  {
    find "$@" -maxdepth 0 -size -1024k -type f -exec sha256sum {} + 2>/dev/null
    find "$@" -maxdepth 0 -size +1023k -type f -exec stat -c '%s %Z %i %n' {} + 2>/dev/null
  } | sort | sha256sum | cut -d ' ' -f 1
}
# kw_place PATH: where a program is, its size, ctime and inode, which stay in kw_now, and its mode.
kw_place() {
  kw_is=$(stat -c '%a %s %Z %i' "$1"); kw_now=${kw_is#* }
  printf 'path=%s\nstat=%s\nmode=%s\n' "$1" "$kw_now" "${kw_is%% *}"
}
# kw_installed PATH: the last record of what we installed there.
kw_installed() {
  [ -s /var/lib/kubewright/installed.ndjson ] || return 0
  kw_records=$(grep -F "{\"path\":\"$1\"," /var/lib/kubewright/installed.ndjson)
  printf '%s\n' "${kw_records##*
}"
}
# kw_installed_any PATH...: whether we installed any of them.
kw_installed_any() {
  for kw_path; do [ -z "$(kw_installed "$kw_path")" ] || return 0; done
  return 1
}
# kw_kubectl SERVER ARGS...: kubectl as administrator against one API server, past any proxy; it keeps no cache on disk.
kw_kubectl() {
  kw_server=$1; shift
  kw_conf=/etc/kubernetes/super-admin.conf; [ -e "$kw_conf" ] || kw_conf=/etc/kubernetes/admin.conf
  NO_PROXY='*' no_proxy='*' KUBECTL_KUBERC=false kubectl --kubeconfig "$kw_conf" --server "$kw_server" --cache-dir /proc/kubewright "$@"
}
# kw_server_side SERVER ARGS...: a server-side apply in our name.
kw_server_side() {
  kw_to=$1; shift
  kw_kubectl "$kw_to" apply --server-side --force-conflicts --field-manager=kubewright --validate=false "$@"
}
# kw_listens PORT: whether something of this host does; starting kubectl for nothing keeps an API server from starting.
kw_listens() { grep -qs ":$(printf %04X "$1") 0*:0000 0A" /proc/net/tcp /proc/net/tcp6; }
# kw_module NAME: whether the kernel has what the module brings, loaded or built in; containers see neither list of it.
kw_module() {
  if [ -d "/sys/module/$1" ] || grep -qs "^$1 " /proc/modules; then echo present; return; fi
  if tr - _ <"/lib/modules/$(uname -r)/modules.builtin" | grep -qs "/$1\.ko"; then echo present; return; fi
  case $1 in
    overlay) grep -qsw overlay /proc/filesystems ;;
    br_netfilter) [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] ;;
    nf_conntrack) [ -e /proc/sys/net/netfilter/nf_conntrack_max ] ;;
    ip_vs) [ -e /proc/net/ip_vs ] ;;
    *) false ;;
  esac && echo present
}
# kw_text PATH: where a file really is, its kind, mode and owner, and its whole text.
kw_text() {
  kw_real=$(readlink -f "$1") || kw_real=$1
  echo "$kw_real"
  if [ -f "$kw_real" ]; then stat -c 'file %a %U:%G -' "$kw_real"; cat "$kw_real"
  else echo "absent - - -"
  fi
}
# kw_programs DIRECTORY SOURCE DEEP: what an archive left there: whether it is as recorded, by its hash in case of doubt; then PATH|STAT|MODE of all.
kw_programs() {
  kw_rows=$(grep -sF "{\"path\":\"$1/" /var/lib/kubewright/installed.ndjson | grep -F "\"source\":\"$2\"" |
    sed -n 's/^{"path":"\([^"]*\)","sha256":"\([^"]*\)","stat":"\([^"]*\)".*/\1|\3|\2/p')
  [ -n "$kw_rows" ] || return 0
  kw_is="
$(IFS='
'; stat -c '%n|%s %Z %i|%a' $(printf '%s\n' "$kw_rows" | cut -d '|' -f 1))"
  printf '%s\n' "$kw_rows" | while IFS='|' read -r kw_path kw_was kw_sum; do
    kw_state=doubtful
    case $kw_is in
      *"
$kw_path|$kw_was|"*) [ "$3" = deep ] || kw_state=same ;;
      *"
$kw_path|"*) ;;
      *) kw_state=missing ;;
    esac
    if [ $kw_state = doubtful ]; then
      if [ "$(kw_sha256 "$kw_path")" = "$kw_sum" ]; then kw_state=same; else kw_state=changed; fi
    fi
    echo "$kw_state $kw_path"
  done
  echo "${kw_is#?}"
}
