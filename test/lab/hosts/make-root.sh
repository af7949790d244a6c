#!/usr/bin/env bash
# Makes the root file system of the lab's hosts: a bare Debian with systemd and sshd, as a cloud's image would be, and
# a package repository of its own, because the hosts reach no other. What Kubernetes needs is absent on purpose:
# installing it is the product's job.
#   make-root.sh SUITE ROOT
set -euo pipefail
suite=$1 root=$2
here=$(dirname "$(readlink -f "$0")")

base=systemd,systemd-sysv,dbus,openssh-server,iproute2,kmod,ca-certificates,sudo,procps,iputils-ping
repository=(
  conntrack iptables nftables socat ethtool ebtables ipset kmod util-linux util-linux-extra chrony systemd-timesyncd
  curl ca-certificates iproute2 procps haproxy keepalived zstd
)

debootstrap --variant=minbase --include="$base" "$suite" "$root" http://deb.debian.org/debian

# Each package with what it needs and the root file system lacks. One call a package, because some exclude each other.
rm -f "$root"/var/cache/apt/archives/*.deb
for package in "${repository[@]}"; do
  if chroot "$root" apt-cache show "$package" >/dev/null 2>&1; then
    chroot "$root" apt-get install -qq -y --no-install-recommends --reinstall --download-only "$package"
  fi
done
mkdir -p "$root/opt/debian-repository"
mv "$root"/var/cache/apt/archives/*.deb "$root/opt/debian-repository/"
(cd "$root/opt/debian-repository" && dpkg-scanpackages --multiversion . >Packages 2>/dev/null && gzip -k9 Packages)

cp -rT --no-preserve=ownership "$here/image" "$root"
chmod 0440 "$root/etc/sudoers.d/lab"
rm -rf "$root"/var/lib/apt/lists/* "$root"/etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:/opt/debian-repository ./' >"$root/etc/apt/sources.list"
chroot "$root" apt-get update -qq

chroot "$root" useradd --create-home --shell /bin/bash --password '*' admin
chroot "$root" systemctl enable --quiet ssh.service lab-host.service
chroot "$root" systemctl set-default --quiet multi-user.target
# A container has no terminals and no devices of its own to look after; logind and networkd would only fight podman.
chroot "$root" systemctl mask --quiet getty@.service console-getty.service getty.target systemd-udevd.service \
  systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udev-trigger.service systemd-logind.service \
  systemd-networkd.service systemd-networkd-wait-online.service systemd-resolved.service \
  sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount \
  apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/resolv.conf" "$root/etc/hostname"
: >"$root/etc/machine-id" # each boot of a new host makes its own
rm -f "$root/var/lib/dbus/machine-id"
echo '# Vagrant edits this file.' >"$root/etc/fstab"
printf '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' >"$root/etc/hosts"
