#!/usr/bin/env bash
# The cluster of a lab as a competent operator makes it with the real kubeadm, over SSH and in parallel: the measure for
# `npm run bench`. Same hosts, same artifacts, same settings as the product's; each step starts as soon as it can.
#   baseline.sh [--cni flannel|calico] [LAB] [KUBERNETES]      bare hosts of a lab that is up; prints phase timings and, last, a line of JSON
set -euo pipefail

cni=flannel
if [ "${1:-}" = --cni ]; then cni=$2; shift 2; fi
lab=${1:-lab} version=${2:-1.37.1}
repository=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
cache=${KUBEWRIGHT_CACHE:-$HOME/.cache/kubewright}
bundle=$cache/bundle kubeadm=$cache/tools/$version/kubeadm
definition=$repository/.lab/state/$lab/lab.json
directory=$repository/.lab
[ "$lab" = lab ] || directory=$repository/.lab/$lab
[ -f "$definition" ] || { echo "There is no lab $lab: bring it up with npm run lab -- up --name $lab" >&2; exit 1; }
[ -x "$kubeadm" ] || { echo "No $kubeadm: run npm run lab -- artifacts --kubernetes $version" >&2; exit 1; }

scratch=$(mktemp -d)
started=$(date +%s%3N)
trap 'jobs -p | xargs -r kill 2>/dev/null; for s in "$scratch"/ssh-*; do [ -S "$s" ] && ssh -o ControlPath="$s" -O exit x 2>/dev/null; done; rm -rf "$scratch"' EXIT

# --- hosts and artifacts

hosts_of() { jq -r --arg role "$1" '.hosts[] | select(.role == $role) | .name' "$definition"; }
field() { jq -r --arg name "$1" --arg field "$2" '.hosts[] | select(.name == $name) | .[$field]' "$definition"; }
mapfile -t control_planes < <(hosts_of control-plane)
mapfile -t workers < <(hosts_of worker)
first=${control_planes[0]}

on() { # on HOST COMMAND: as root, over one kept connection a host
  local host=$1
  shift
  ssh -F none -c aes128-gcm@openssh.com -o BatchMode=yes -o ConnectTimeout=10 -o LogLevel=ERROR -i "$directory/id_ed25519" \
    -o UserKnownHostsFile="$directory/known_hosts" -o ControlMaster=auto -o ControlPersist=60 \
    -o ControlPath="$scratch/ssh-$host" "admin@$(field "$host" address)" "sudo -n /bin/bash -c $(printf %q "$*")"
}

artifact() { # artifact KIND NAME [VERSION]: its file
  jq -er --arg kind "$1" --arg name "$2" --arg version "${3:-}" \
    '[.artifacts[] | select(.kind == $kind and .name == $name and ($version == "" or .version == $version))][0].file' \
    "$bundle/index.json" | sed "s|^|$bundle/|"
}

image() { # image REFERENCE: its file
  jq -er --arg image "$1" '.artifacts[] | select(.image == $image).file' "$bundle/index.json" | sed "s|^|$bundle/|"
}

kubeadm_images=$("$kubeadm" config images list --kubernetes-version "v$version")
pause=$(grep /pause: <<<"$kubeadm_images")
manifest=$(artifact manifest "$cni")
mapfile -t network_images < <(sed -n 's/^ *image: *//p' "$manifest" | sort -u)
mapfile -t worker_images < <(grep -E '/(pause|kube-proxy|coredns):' <<<"$kubeadm_images"; printf '%s\n' "${network_images[@]}")
mapfile -t control_plane_images < <(printf '%s\n' "$kubeadm_images" "${network_images[@]}")

# --- what goes onto a host

base=$scratch/base # everything small, and the programs, as one tree that is unpacked onto the host
mkdir -p "$base"/{usr/local/bin,usr/local/sbin,opt/cni/bin,etc/containerd,etc/systemd/system/kubelet.service.d,etc/sysctl.d}
ln "$kubeadm" "$base/usr/local/bin/kubeadm" 2>/dev/null || cp "$kubeadm" "$base/usr/local/bin/kubeadm"
for name in kubelet kubectl; do tar -xf "$(artifact binary $name "$version")" -C "$base/usr/local/bin"; done
tar -xf "$(artifact binary runc)" -C "$base/usr/local/sbin"
tar -xf "$(artifact archive containerd)" -C "$base/usr/local"
tar -xf "$(artifact archive cni-plugins)" -C "$base/opt/cni/bin"
cat >"$base/etc/containerd/config.toml" <<TOML
version = 3
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '$pause'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    SystemdCgroup = true
TOML
cat >"$base/etc/systemd/system/containerd.service" <<'UNIT'
[Unit]
After=network.target
[Service]
ExecStart=/usr/local/bin/containerd
Type=notify
Delegate=yes
KillMode=process
Restart=always
LimitNOFILE=20000
TasksMax=infinity
[Install]
WantedBy=multi-user.target
UNIT
cat >"$base/etc/systemd/system/kubelet.service" <<'UNIT'
[Unit]
After=containerd.service
[Service]
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf \
  --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS
Restart=always
StartLimitInterval=0
RestartSec=1
[Install]
WantedBy=multi-user.target
UNIT
cat >"$base/etc/sysctl.d/k8s.conf" <<'SYSCTL'
net.ipv4.ip_forward = 1
net.bridge.bridge-nf-call-iptables = 1
SYSCTL

prepare() { # prepare HOST IMAGE...: programs, packages and runtime, then the images while nothing else is left to do
  local host=$1 reference
  shift
  on "$host" true # the connection that the following share
  on "$host" 'DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND
    apt-get update -qq >/dev/null &&
    apt-get install -y -qq --no-install-recommends conntrack iptables socat ethtool ebtables ipset kmod >/dev/null 2>&1' &
  local packages=$!
  tar -C "$base" --owner=0 --group=0 -cf - . | on "$host" 'tar --no-same-permissions -C / -xf - && sysctl -q --system >/dev/null &&
    systemctl daemon-reload && systemctl enable -q kubelet && systemctl enable -q --now containerd'
  for reference in "$@"; do
    on "$host" 'ctr -n k8s.io images import - 2>&1 >/dev/null | grep -v DEPRECATION; exit ${PIPESTATUS[0]}' <"$(image "$reference")"
  done
  wait "$packages"
}

# --- the cluster

token=$(printf '%s.%s' "$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')" "$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')")
certificate_key=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
endpoint=$(field "$first" nodeIP):6443
ignore='--ignore-preflight-errors=SystemVerification,Swap'

init_configuration() {
  cat <<YAML
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens: [{ token: $token, ttl: 1h0m0s }]
certificateKey: $certificate_key
localAPIEndpoint: { advertiseAddress: $(field "$first" nodeIP) }
nodeRegistration:
  kubeletExtraArgs: [{ name: node-ip, value: $(field "$first" nodeIP) }]
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v$version
controlPlaneEndpoint: $endpoint
networking: { podSubnet: 10.244.0.0/16 }
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
conntrack: { maxPerCore: 0, min: 0 }
YAML
}

join_configuration() { # join_configuration HOST CA_HASH
  cat <<YAML
apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
discovery:
  bootstrapToken: { token: $token, apiServerEndpoint: '$endpoint', caCertHashes: ['sha256:$2'] }
nodeRegistration:
  kubeletExtraArgs: [{ name: node-ip, value: $(field "$1" nodeIP) }]
YAML
  [ "$(field "$1" role)" = worker ] || cat <<YAML
controlPlane:
  localAPIEndpoint: { advertiseAddress: $(field "$1" nodeIP) }
  certificateKey: $certificate_key
YAML
}

declare -A at
mark() {
  at[$1]=$(($(date +%s%3N) - started))
  printf '%6d ms  %s\n' "${at[$1]}" "$1" >&2
}

enter() { # enter HOST IMAGE...: prepares a host and joins it as soon as there is something to join
  local host=$1
  prepare "$@"
  until [ -s "$scratch/ca-hash" ]; do sleep 0.1; done
  exec 9>"$scratch/join-lock"
  [ "$(field "$host" role)" = worker ] || flock 9 # etcd takes one new member at a time
  join_configuration "$host" "$(cat "$scratch/ca-hash")" |
    on "$host" "cat >/root/kubeadm.yaml && kubeadm join --config /root/kubeadm.yaml $ignore" >"$scratch/join-$host" 2>&1 ||
    { cat "$scratch/join-$host" >&2; return 1; }
}

entering=()
for host in "${control_planes[@]:1}"; do enter "$host" "${control_plane_images[@]}" & entering+=($!); done
for host in "${workers[@]}"; do enter "$host" "${worker_images[@]}" & entering+=($!); done

prepare "$first" "${control_plane_images[@]}"
mark 'first control plane prepared'
init_configuration |
  on "$first" "cat >/root/kubeadm.yaml && kubeadm init --upload-certs --config /root/kubeadm.yaml $ignore" >"$scratch/init" 2>&1 ||
  { cat "$scratch/init" >&2; exit 1; }
on "$first" cat /etc/kubernetes/pki/ca.crt | openssl x509 -pubkey -noout | openssl pkey -pubin -outform der |
  sha256sum | cut -d' ' -f1 >"$scratch/ca-hash.new"
mv "$scratch/ca-hash.new" "$scratch/ca-hash"
mark 'kubeadm init'
kubectl='kubectl --kubeconfig /etc/kubernetes/admin.conf'
# The networks take a device of their own choice, which need not be the one between the nodes.
network() {
  case $cni in
    flannel) sed "s|- --kube-subnet-mgr|&\\n        - --iface-can-reach=$(field "$first" nodeIP)|" "$manifest" ;;
    calico) sed -e 's|# - name: CALICO_IPV4POOL_CIDR|- { name: CALICO_IPV4POOL_CIDR, value: 10.244.0.0/16 }|' \
      -e "s|- name: IP\$|- { name: IP_AUTODETECTION_METHOD, value: kubernetes-internal-ip }\\n            &|" \
      -e '/name: CALICO_IPV4POOL_VXLAN/{n;s/CrossSubnet/Always/}' "$manifest" ;;
  esac
}
network | on "$first" "$kubectl apply -f -" >/dev/null
mark 'network applied'
for pid in "${entering[@]}"; do wait "$pid"; done
mark 'all hosts joined'
on "$first" "$kubectl wait --timeout 300s --for=condition=Ready nodes --all" >/dev/null
mark 'nodes ready'
case $cni in # the namespace, and what has to be there
  flannel) network_rollout=(kube-flannel daemonset/kube-flannel-ds) ;;
  calico) network_rollout=(kube-system daemonset/calico-node deployment/calico-kube-controllers) ;;
esac
# The static pods' mirrors and the daemon sets' pods appear a little later than their nodes.
on "$first" "until $kubectl wait --timeout 60s --for=condition=Ready pods --all --all-namespaces >/dev/null 2>&1; do sleep 0.2; done
  $kubectl -n kube-system rollout status --timeout 300s daemonset/kube-proxy deployment/coredns >/dev/null &&
  $kubectl -n ${network_rollout[0]} rollout status --timeout 300s ${network_rollout[*]:1} >/dev/null"
mark 'pods ready'
on "$first" "$kubectl get nodes -o wide; $kubectl get pods --all-namespaces -o wide" >&2
for phase in "${!at[@]}"; do jq -n --arg phase "$phase" --argjson ms "${at[$phase]}" '{($phase): $ms}'; done |
  jq -cs --arg version "$version" --argjson hosts "$((${#control_planes[@]} + ${#workers[@]}))" \
    '{kubernetes: $version, hosts: $hosts, milliseconds: add}'
