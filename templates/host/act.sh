# Shell functions that acting needs. Every write goes to a temporary file, is checked, then renamed; the journal comes first.
umask 077
KW=/var/lib/kubewright
for kw_place in journal backups incoming services; do [ -d "$KW/$kw_place" ] || mkdir -p "$KW/$kw_place" || exit 1; done
exec 9>"$KW/act.lock"
flock -w 120 9 || { echo 'another action of kubewright still runs on this host' >&2; exit 75; }
# Processes are what acting costs most, so whatever the shell can do itself it does.
kw_clock() { kw_time=$(date -u +%FT%TZ); }
kw_clock
# kw_journal LINE: with the time of the clock in the place of @now@.
kw_journal() { printf '%s%s%s\n' "${1%%@now@*}" "$kw_time" "${1#*@now@}" >>"$KW/journal/$KW_OPERATION.ndjson"; }
kw_synced() { sync -d "$KW/journal/$KW_OPERATION.ndjson"; }
# kw_note TEXT: what people want to know.
kw_note() { printf 'note %s\n' "$1"; }
# kw_backup PATH KEPT: the state before this operation, kept once, below KEPT (files or secrets); ours that only root may read is a secret.
kw_backup() {
  # A secret that this operation has written itself is no original when it is removed again.
  for kw_kind in files secrets; do
    kw_kept="$KW/backups/$KW_OPERATION/$kw_kind$1"
    if [ -e "$kw_kept" ] || [ -L "$kw_kept" ] || [ -e "$kw_kept.absent" ]; then return 0; fi
  done
  kw_kind=$2
  if [ -f "$1" ] && [ ! -L "$1" ] && [ -n "$(kw_installed "$1")" ]; then case $(stat -c %a "$1") in *00) kw_kind=secrets ;; esac; fi
  kw_kept="$KW/backups/$KW_OPERATION/$kw_kind$1"
  [ -d "${kw_kept%/*}" ] || mkdir -p "${kw_kept%/*}" || return 1
  if [ -e "$1" ] || [ -L "$1" ]; then
    rm -rf "$kw_kept.part" && cp -a "$1" "$kw_kept.part" || return 1
    # it is kept once, so it has to outlive a power cut
    [ -L "$1" ] || [ ! -f "$1" ] || sync -d "$kw_kept.part" || return 1
    mv -T "$kw_kept.part" "$kw_kept"
  else : >"$kw_kept.absent"; fi
}
# kw_prune_backup OPERATION: an old journal and its copies go, but for the oldest of each path: a reset puts that back.
kw_prune_backup() {
  kw_old=$KW/backups/$1
  (cd "$kw_old" 2>/dev/null && find . ! -type d) | while read -r kw_kept; do
    kw_rest=${kw_kept#./*/}; kw_rest=${kw_rest%.absent}
    if [ -e "$KW/originals/files/$kw_rest" ] || [ -e "$KW/originals/files/$kw_rest.absent" ] || [ -e "$KW/originals/secrets/$kw_rest.absent" ]; then continue; fi
    mkdir -p "$(dirname "$KW/originals/$kw_kept")" && mv "$kw_old/$kw_kept" "$KW/originals/$kw_kept"
  done
  rm -rf "$kw_old" "$KW/journal/$1.ndjson"
}
# kw_parents PATH: the directories above it, readable as usual.
kw_parents() { [ -d "${1%/*}/" ] || (umask 022 && mkdir -p "${1%/*}/"); }
# kw_forget PATH: no record of an installation there any more.
kw_forget() {
  grep -qsF "{\"path\":\"$1\"," "$KW/installed.ndjson" || return 0
  # grep's 1 says that no record is left, which is no failure
  grep -vF "{\"path\":\"$1\"," "$KW/installed.ndjson" >"$KW/installed.part" || [ $? -eq 1 ] || return 1
  mv "$KW/installed.part" "$KW/installed.ndjson"
}
# kw_record PATH NAME SOURCE [SHA256]: what is there now is ours.
kw_record() {
  kw_forget "$1"
  kw_sum=$4
  [ -n "$kw_sum" ] || kw_sum=$(kw_sha256 "$1")
  printf '{"path":"%s","sha256":"%s","stat":"%s","name":"%s","source":"%s"}\n' \
    "$1" "$kw_sum" "$(stat -c '%s %Z %i' "$1")" "$2" "$3" >>"$KW/installed.ndjson"
}
# kw_take FILE BYTES: the next bytes of stdin, all of them or failure.
kw_take() {
  dd of="$1" bs=256k count="$2" iflag=fullblock,count_bytes status=none && [ "$(stat -c %s "$1")" = "$2" ] || { rm -f "$1"; echo "KW-SHORT $1: $2 bytes did not arrive" >&2; return 1; }
}
# kw_write PATH MODE OWNER BYTES SHA256 KEPT PLACE: the next bytes of stdin become the file; the rename is atomic.
kw_write() {
  kw_new=${1%/*}/.kw-${1##*/}.part
  kw_backup "$1" "$6" && kw_parents "$1" && kw_take "$kw_new" "$4" || return 1
  chmod "$2" "$kw_new" || return 1
  # a new file is root's but where its directory gives it another group
  { [ "$3" = root:root ] && [ -O "$kw_new" ] && [ -G "$kw_new" ]; } || chown "$3" "$kw_new" || return 1
  # what else a power cut leaves empty is seen by its hash, and written again
  [ "$6" != secrets ] || sync -d "$kw_new" || return 1
  if [ "$7" = in-place ] || ! mv -T "$kw_new" "$1" 2>/dev/null; then
    cat "$kw_new" >"$1" && chmod "$2" "$1" && chown "$3" "$1" && rm -f "$kw_new" || return 1
  fi
  kw_record "$1" file - "$5"
}
# kw_apply SERVER: applies the list of objects on stdin; the API's answer is for those who look at them in the same execution.
KW_ANSWER=$KW/incoming/answer
[ ! -e "$KW_ANSWER" ] || rm -f "$KW_ANSWER"
kw_apply() {
  cat >"$KW_ANSWER.to" || return 1
  kw_server_side "$1" -o json -f "$KW_ANSWER.to" >"$KW_ANSWER"
}
kw_directory() { kw_parents "$1" && mkdir -p "$1" && chmod "$2" "$1" && chown "$3" "$1"; }
kw_link() { kw_backup "$1" files && kw_parents "$1" && ln -sfnT "$2" "$1"; }
kw_remove() { kw_backup "$1" files && rm -rf -- "$1" && kw_forget "$1"; }
# kw_start VERB UNIT HASH...: (re)starts a unit, or lets it reload, and stamps the run with the hashes of what it reads.
kw_start() {
  kw_verb=$1 kw_unit=$2; shift 2
  systemctl daemon-reload && systemctl enable --quiet "$kw_unit" || return 1
  systemctl "$kw_verb" "$kw_unit" || { systemctl status --no-pager --lines 20 "$kw_unit" >&2; return 1; }
  printf '%s %s\n' "$(systemctl show --value -p InvocationID "$kw_unit")" "$*" >"$KW/services/$kw_unit"
}
# kw_arrived FILE SHA256: refuses what is not what was asked for.
kw_arrived() {
  kw_sum=$(kw_sha256 "$1")
  [ "$kw_sum" = "$2" ] || { rm -f "$1"; echo "KW-CHECKSUM wanted $2 but got $kw_sum" >&2; return 1; }
}
# kw_in_time SECONDS COMMAND...: tries it until it succeeds.
kw_in_time() {
  kw_until=$(($(date +%s) + $1)); shift
  until "$@"; do
    [ "$(date +%s)" -lt "$kw_until" ] || return 1
    sleep 1
  done
}
# kw_pods SOCKET COMPONENT: the sandboxes of a static pod, running or not; a containerd that does not answer is a failure, not none.
kw_pods() {
  kw_ids=$(timeout 15 ctr --address "$1" -n k8s.io containers ls -q "labels.\"io.cri-containerd.kind\"==sandbox,labels.component==$2") || return 1
  echo $kw_ids
}
# kw_pod_is_new SOCKET COMPONENT BEFORE: there is a sandbox that was not there before.
kw_pod_is_new() {
  for kw_id in $(kw_pods "$1" "$2"); do
    case " $3 " in *" $kw_id "*) ;; *) return 0 ;; esac
  done
  return 1
}
# kw_pod_replaced SOCKET COMPONENT BEFORE: waits for it; an edit that changes nothing of the pod makes none.
kw_pod_replaced() { kw_replaced=; if kw_in_time 60 kw_pod_is_new "$@"; then kw_replaced=1; fi; }
# kw_pod_is_shown SOCKET SERVER POD BEFORE: the API shows the new sandbox's container; until then it shows the old one's readiness.
kw_pod_is_shown() {
  kw_id=$(kw_kubectl "$2" -n kube-system get pod "$3" -o 'jsonpath={.status.containerStatuses[0].containerID}' --request-timeout=5s 2>/dev/null) || return 1
  kw_id=$(timeout 15 ctr --address "$1" -n k8s.io containers info "${kw_id#*://}" 2>/dev/null | sed -n 's/.*"io.kubernetes.cri.sandbox-id": "\([^"]*\)".*/\1/p')
  case " $4 " in *" $kw_id "*) return 1 ;; *) [ -n "$kw_id" ] ;; esac
}
# kw_pod_shown SOCKET SERVER POD BEFORE: waits for it, but not for ever, as the API server may be what is ill.
kw_pod_shown() { [ -z "$kw_replaced" ] || kw_in_time 60 kw_pod_is_shown "$@" || :; }
# kw_joined SECONDS: waits for the client certificate of the kubelet's TLS bootstrap.
kw_joined() {
  for _ in $(seq "$1"); do
    if [ -e /var/lib/kubelet/pki/kubelet-client-current.pem ] && [ -e /etc/kubernetes/kubelet.conf ]; then return 0; fi
    sleep 0.5
  done
  journalctl -u kubelet --no-pager -n 15 -o cat >&2
  echo "the kubelet got no client certificate" >&2
  return 1
}
# kw_install_all DIRECTORY NAME SOURCE: every program of the archive $KW_FILE. The records come last and at once, so half an installation is none.
kw_install_all() {
  rm -rf "$KW_FILE.d" "$KW_FILE.new" && mkdir "$KW_FILE.d" && tar -xf "$KW_FILE" -C "$KW_FILE.d" --no-same-owner || return 1
  (umask 022 && mkdir -p "$1") || return 1
  find "$KW_FILE.d" -type f -perm -u+x | sort >"$KW_FILE.list"
  while read -r kw_source; do
    kw_place=$1/${kw_source##*/}
    mv -T "$kw_source" "$kw_place.kw-part" && chown root:root "$kw_place.kw-part" && chmod 0755 "$kw_place.kw-part" &&
      mv -T "$kw_place.kw-part" "$kw_place" || return 1
    kw_sum=$(kw_sha256 "$kw_place")
    printf '{"path":"%s","sha256":"%s","stat":"%s","name":"%s","source":"%s"}\n' \
      "$kw_place" "$kw_sum" "$(stat -c '%s %Z %i' "$kw_place")" "$2" "$3" >>"$KW_FILE.new"
  done <"$KW_FILE.list"
  cut -d , -f 1 "$KW_FILE.new" | sed 's/$/,/' >"$KW_FILE.list"
  touch "$KW/installed.ndjson"
  { grep -vFf "$KW_FILE.list" "$KW/installed.ndjson"; cat "$KW_FILE.new"; } >"$KW/installed.part" && mv "$KW/installed.part" "$KW/installed.ndjson" &&
    rm -rf "$KW_FILE.d" "$KW_FILE.list" "$KW_FILE.new"
}
