# kw_apt ARGS...: apt-get that asks nothing, waits for whoever holds dpkg, and lets needrestart restart no service of the host.
kw_apt() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get -q -y -c "$kw_config" -o DPkg::Lock::Timeout=120 "$@"
}
# kw_apt_install PACKAGE...: with the package lists that are there; they are fetched only if there are none or they are too old.
kw_apt_install() {
  if ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 &&
    kw_apt install --no-install-recommends --no-upgrade "$@" >"$kw_log" 2>&1; then return 0; fi
  # dpkg was cut off in the middle, perhaps by a reboot
  if [ -n "$(ls /var/lib/dpkg/updates 2>/dev/null)" ]; then dpkg --configure -a >>"$kw_log" 2>&1; fi
  kw_apt update >>"$kw_log" 2>&1 && kw_apt install --no-install-recommends --no-upgrade "$@" >>"$kw_log" 2>&1
}
# kw_dnf_install PACKAGE...
kw_dnf_install() { dnf -q -y -c "$kw_config" --setopt=install_weak_deps=False install "$@" >"$kw_log" 2>&1; }
# kw_install MANAGER PACKAGE...: installs packages; settings of the package manager (a proxy) come on stdin.
kw_install() {
  kw_manager=$1; shift
  kw_config=$KW/incoming/packages.conf kw_log=$KW/incoming/packages.log
  if [ "$kw_manager" = dnf ]; then cat /etc/dnf/dnf.conf - >"$kw_config"; else cat >"$kw_config"; fi
  # the packages' own scripts expect the usual one
  (umask 022; "kw_${kw_manager}_install" "$@") || { grep -Ev '^(Get|Hit|Ign):' "$kw_log" | tail -n 15 >&2; return 1; }
  rm -f "$kw_config" "$kw_log"
}
