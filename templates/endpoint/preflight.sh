# kw_forwards HOST PORT LISTEN SECONDS: whether the endpoint leads to this host. A listener that lives only as long as it is asked
# says a word, which has to come back through the endpoint; nothing is written. Who else connects (a health check) is told.
kw_forwards() {
  command -v systemd-socket-activate >/dev/null && command -v bash >/dev/null || { echo 'skipped the host has no bash or no systemd-socket-activate'; return; }
  kw_word=kubewright-$$-$(date +%s%N)
  kw_end=$(($(date +%s) + $4))
  timeout $(($4 + 3)) systemd-socket-activate --accept --inetd --listen="$3" /bin/echo "$kw_word" 2>&1 >/dev/null &
  kw_listener=$!
  while sleep 0.2; do
    kw_said=$(timeout 2 bash -c 'exec 3<>"/dev/tcp/$0/$1" && printf connected: && head -c 200 <&3' "$1" "$2" 2>&1 | tr -d '\000' | tail -n 1)
    if [ "$kw_said" = "connected:$kw_word" ]; then echo proved; break; fi
    if ! kill -0 "$kw_listener"; then echo 'skipped the port of the API server is taken'; break; fi
    if [ "$(date +%s)" -ge "$kw_end" ]; then echo "asked $kw_said"; break; fi
  done
  kill "$kw_listener"
  wait "$kw_listener"
}
# kw_answers SERVER TIMES: what the API answers through the endpoint, each time by a new connection, and whether its certificate has the name.
kw_answers() {
  for kw_time in $(seq "$2"); do
    printf 'answer %s\n' "$(kw_kubectl "$1" --tls-server-name kubernetes get --raw /readyz --request-timeout=4s 2>&1 | tail -n 1)" &
  done
  printf 'named %s\n' "$(kw_kubectl "$1" get --raw /readyz --request-timeout=4s 2>&1 | tail -n 1)"
  wait
}
