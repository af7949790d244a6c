# kw_unmanaged: whether neither firewalld nor ufw manages the rules.
kw_unmanaged() { ! systemctl is-active --quiet firewalld.service && ! grep -qsx ENABLED=yes /etc/ufw/ufw.conf; }
# kw_iptables PROGRAM FILE...: the rules of INPUT and FORWARD, then the file that brings them back at boot.
kw_iptables() {
  kw_program=$1; shift
  if kw_unmanaged && command -v "$kw_program" >/dev/null; then
    case $("$kw_program" -V) in
      *legacy*) grep -qs filter "/proc/net/${kw_program%tables}_tables_names" ;; # to look would load the module
      *) true ;;
    esac && for kw_chain in INPUT FORWARD; do "$kw_program" -w 10 -S "$kw_chain"; done
  else set --
  fi
  printf '\n=\n'
  for kw_file in "$@"; do [ -e "$kw_file" ] && break; done
  kw_text "${kw_file:-/nonexistent}"
}
# kw_nftables FILE: base chains of input and forward that are nobody else's, what is loaded at boot, and FILE.
kw_nftables() {
  kw_boot=/nonexistent
  if kw_unmanaged && command -v nft >/dev/null; then
    nft list chains | awk '/^table/ { table = $2 " " $3 } /chain/ { chain = $2 } /hook (input|forward)/ { print table, chain }' |
      grep -Ev '^(ip6? filter (INPUT|FORWARD)|(inet|ip6?) (kube-proxy|flannel-ipv[46]) .*)$' |
      while read -r kw_family kw_table kw_chain; do
        case $kw_family in inet | ip | ip6) ;; *) continue ;; esac
        echo "chain $kw_family $kw_table $kw_chain"
        nft list chain "$kw_family" "$kw_table" "$kw_chain"
      done
    if systemctl is-enabled --quiet nftables.service; then
      for kw_boot in /etc/nftables.conf /etc/sysconfig/nftables.conf /nonexistent; do [ -e "$kw_boot" ] && break; done
    fi
  fi
  printf '\n=\n'
  kw_text "$kw_boot"
  printf '\n=\n'
  kw_text "$1"
}
