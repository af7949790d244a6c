# What runs in a pod of the check: KINDS NODE PEERS TABLE API DNS OUTSIDE, where TABLE has a line `NODE POD ADDRESS SERVICE` for each node.
# It has the shell of BusyBox and agnhost, and prints cells and facts; `end` comes last.
kw_kinds=" $1 "; kw_self=$2; kw_peers=" $3 "; kw_table=$4; kw_api=$5; kw_name=$6; kw_outside=$7
kw_wants() { case $kw_kinds in *" $1 "*) ;; *) return 1 ;; esac; }
# kw_cell KIND TO COMMAND...: tries until it succeeds, because a new service may need a moment; one that is broken gets some seconds.
kw_cell() {
  kw_kind=$1; kw_to=$2; shift 2
  kw_end=$(($(date +%s) + 6))
  while :; do
    if "$@"; then echo "cell $kw_kind $kw_self $kw_to ok"; return 0; fi
    [ "$(date +%s)" -lt "$kw_end" ] || break
    sleep 0.3
  done
  echo "cell $kw_kind $kw_self $kw_to failed" $kw_said
  return 1
}
kw_host_port() { case $1 in *:*) echo "[$1]:$2" ;; *) echo "$1:$2" ;; esac; }
# kw_connect HOST:PORT
kw_connect() { kw_said=$(/agnhost connect --timeout 2s "$1" 2>&1); }
kw_unconnected() { if kw_connect "$1"; then kw_said='it is still reached'; return 1; fi; }
# kw_resolves NAME: whether that can be connected to is another question.
kw_resolves() {
  kw_connect "$1:443" && return 0
  case $kw_said in *DNS:*) return 1 ;; esac
}
# kw_packet ADDRESS BYTES: one packet of that size, which is never cut up on its way; the answer is small.
kw_packet() {
  case $1 in *:*) kw_fill=$(($2 - 57)) ;; *) kw_fill=$(($2 - 37)) ;; esac
  kw_said=$(/agnhost connect --timeout 2s --protocol udp --udp-data "$(printf "hostname%${kw_fill}s" '')" "$(kw_host_port "$1" 8081)" 2>&1)
}
# kw_large TO ADDRESS: as large as a pod sends them; if that does not arrive, how large one may be.
kw_large() {
  for _ in 1 2; do
    if kw_packet "$2" "$kw_mtu"; then echo "cell mtu $kw_self $1 ok"; return; fi
  done
  kw_passed=$(
    for kw_bytes in 1430 1400 1370 1350 1300 1250 1200 1000 500; do
      [ "$kw_bytes" -ge "$kw_mtu" ] || { kw_packet "$2" "$kw_bytes" && echo "$kw_bytes"; } &
    done
    wait
  )
  kw_most=$(printf '%s\n' "$kw_passed" | sort -n | tail -n 1)
  echo "cell mtu $kw_self $1 failed packets of $kw_mtu bytes do not arrive${kw_most:+, of $kw_most they do}"
}
# kw_peer NODE ADDRESS SERVICE
kw_peer() {
  kw_at=$(kw_host_port "$2" 8080)
  if kw_wants service; then
    kw_kind=service; [ "$1" != "$kw_self" ] || kw_kind=hairpin
    kw_cell "$kw_kind" "$1" kw_connect "$(kw_host_port "$3" 80)" &
  fi
  if kw_wants pod && kw_cell pod "$1" kw_connect "$kw_at" && kw_wants mtu && [ "$1" != "$kw_self" ]; then kw_large "$1" "$2"; fi
  if kw_wants host; then kw_cell node "$1" kw_connect "$kw_at"; fi
  if kw_wants closed; then kw_cell blocked "$1" kw_unconnected "$kw_at"; fi
  if kw_wants open; then kw_cell unblocked "$1" kw_connect "$kw_at"; fi
  wait
}
# kw_number A.B.C.D: as the kernel writes it in /proc/net/route.
kw_number() { (IFS=.; set -- $1; echo $(($4 << 24 | $3 << 16 | $2 << 8 | $1))); }
# kw_device ADDRESS: the device whose own network the address is in, and its MTU.
kw_device() {
  kw_address=$(kw_number "$1")
  while read -r kw_device kw_network kw_gateway _ _ _ _ kw_mask _; do
    case $kw_gateway in 00000000) ;; *) continue ;; esac
    [ "$((0x$kw_mask))" -ne 0 ] && [ "$((kw_address & 0x$kw_mask))" -eq "$((0x$kw_network))" ] || continue
    echo "fact device $kw_self $kw_device $(cat "/sys/class/net/$kw_device/mtu")"
  done </proc/net/route
}
if [ -e /sys/class/net/eth0/mtu ]; then read -r kw_mtu </sys/class/net/eth0/mtu; fi
if kw_wants mtu; then echo "fact mtu $kw_self $kw_mtu"; fi
if kw_wants api; then kw_cell api - kw_connect "$kw_api" & fi
if kw_wants dns; then kw_cell dns - kw_resolves "$kw_name" & fi
if kw_wants outside; then
  # It may not be there at all, so nobody waits for it.
  { if kw_resolves "$kw_outside"; then echo "cell outside $kw_self - ok"; else echo "cell outside $kw_self - failed" $kw_said; fi; } &
fi
if kw_wants host; then
  case $KW_ADDRESS in *:*) ;; *) kw_device "$KW_ADDRESS" ;; esac
  if kw_resolves "$kw_outside"; then echo "fact outside $kw_self yes"; else echo "fact outside $kw_self no"; fi
fi
kw_count=0
while read -r kw_node kw_pod kw_address kw_service; do
  case $kw_peers in *" $kw_pod "*) ;; *) continue ;; esac
  kw_peer "$kw_node" "$kw_address" "$kw_service" &
  kw_count=$((kw_count + 1))
  [ $((kw_count % 10)) -ne 0 ] || wait # each of them is a process
done <<TABLE
$kw_table
TABLE
wait
echo end
