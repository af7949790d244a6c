# Shell functions about the haproxy of a node.
# kw_haproxy_read HOST PORT: the digest of the configuration that it has read; nothing where none answers, `unasked` where nobody can ask.
kw_haproxy_read() {
  grep -qsx haproxy /proc/[0-9]*/comm || return 0
  command -v bash >/dev/null || { echo unasked; return 0; }
  timeout 10 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf "GET /configuration HTTP/1.0\r\n\r\n" >&3 && cat <&3' "$1" "$2" 2>/dev/null | tail -n 1
}
kw_haproxy_has() { [ "$(kw_haproxy_read "$1" "$2")" = "$3" ]; }
# kw_haproxy_reload FILE HOST PORT DIGEST: its master reads this file; it fails if that is not the configuration a moment later.
kw_haproxy_reload() {
  for kw_comm in $(grep -lsx haproxy /proc/[0-9]*/comm); do
    kw_process=${kw_comm%/comm}
    tr '\0' '\n' <"$kw_process/cmdline" 2>/dev/null | grep -qxF "$1" || continue
    # Workers have a haproxy as their parent.
    kw_parent=$(sed -n 's/^PPid:[[:space:]]*//p' "$kw_process/status" 2>/dev/null)
    grep -qsx haproxy "/proc/$kw_parent/comm" || kill -s USR2 "${kw_process#/proc/}"
  done
  kw_in_time 15 kw_haproxy_has "$2" "$3" "$4" && return 0
  echo "haproxy goes on with an earlier configuration; it says why by: crictl logs \$(crictl ps -q --name haproxy)" >&2
  return 1
}
