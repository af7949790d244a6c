# Shell functions that note what the kernel is like before a cluster, and tell what is different after it.
KW_KERNEL=/var/lib/kubewright/originals/kernel
# kw_sysctl KEY: its value, with single spaces.
kw_sysctl() { tr -s '\t ' '  ' 2>/dev/null <"/proc/sys/$(echo "$1" | tr . /)"; }
# kw_is_mounted PATH
kw_is_mounted() { cut -d ' ' -f 5 /proc/self/mountinfo | grep -qFx "$1"; }
# kw_note_kernel KEY|PATH...: one line each for the parameters that there are, and for the paths that are mount points.
kw_note_kernel() {
  mkdir -p "$(dirname "$KW_KERNEL")" || return 1
  for kw_name; do
    case $kw_name in
      /*) if kw_is_mounted "$kw_name"; then printf 'mount\t%s\n' "$kw_name"; fi ;;
      *) if kw_value=$(kw_sysctl "$kw_name"); then printf 'sysctl\t%s\t%s\n' "$kw_name" "$kw_value"; fi ;;
    esac
  done >"$KW_KERNEL.part" && sync -d "$KW_KERNEL.part" && mv "$KW_KERNEL.part" "$KW_KERNEL"
}
# kw_set_elsewhere KEY FILE: whether another file than this one sets the parameter at boot.
kw_set_elsewhere() {
  grep -lEs "^ *-?$(echo "$1" | sed 's|\.|[./]|g') *=" /etc/sysctl.conf /etc/sysctl.d/*.conf /run/sysctl.d/*.conf \
    /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf | grep -qvFx "$2"
}
# kw_kernel_changed FILE PATH...: what differs from the note: `sysctl KEY WAS IS`, `mount PATH`, by tabs.
kw_kernel_changed() {
  [ -e "$KW_KERNEL" ] || return 0
  kw_ours=$1; shift
  while IFS='	' read -r kw_kind kw_key kw_was; do
    [ "$kw_kind" = sysctl ] && kw_is=$(kw_sysctl "$kw_key") && [ "$kw_is" != "$kw_was" ] || continue
    kw_set_elsewhere "$kw_key" "$kw_ours" || printf 'sysctl\t%s\t%s\t%s\n' "$kw_key" "$kw_was" "$kw_is"
  done <"$KW_KERNEL"
  for kw_path; do
    if kw_is_mounted "$kw_path" && ! grep -qFx "mount	$kw_path" "$KW_KERNEL"; then printf 'mount\t%s\n' "$kw_path"; fi
  done
}
