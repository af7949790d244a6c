import type { Operation } from '../engine/target.ts'
import { sh, type Command } from '../transport/command.ts'
import type { ClusterRecord, OperationRecord } from './facts.ts'
import { probePrelude } from './probe.ts'
import { braced, scriptFile } from './script.ts'

interface Bookkeeping {
  readonly script: Command
  readonly payload: AsyncIterable<Buffer>
}

/** Writes the identity of the cluster and the record of the operation; exit code 71 if the host is another cluster's. */
export function beginShipment(operation: Operation, record: ClusterRecord | undefined): Bookkeeping {
  const { id, name } = operation.cluster
  const cluster: ClusterRecord = { ...record, id, name }
  const started: OperationRecord = {
    id: operation.id,
    playbook: operation.playbook,
    inventory: operation.inventory,
    program: operation.program,
    startedBy: operation.startedBy,
    startedAt: new Date().toISOString(),
  }
  return bookkeeping(
    sh`${unlessForeign(id)}
kw_open=$(sed -n 's/^{"id":"\([^"]*\)".*/\1/p' "$KW/operation.json" 2>/dev/null)
if [ -n "$kw_open" ] && [ "$kw_open" != "$KW_OPERATION" ]; then
printf '{"operation":"%s","status":"superseded","by":"%s"}\n' "$kw_open" "$KW_OPERATION" >>"$KW/journal/$kw_open.ndjson"
fi`,
    operation,
    { 'cluster.json': cluster, 'operation.json': started },
    sh`rm -f "$KW/proof"
kw_journal ${JSON.stringify({ at: '@now@', operation: operation.id, status: operation.resumed ? 'resumed' : 'opened' })} || exit 74
kw_synced || exit 74`,
  )
}

/** Exit code 71 if the host is another cluster's. */
function unlessForeign(id: string): Command {
  return sh`if [ -e "$KW/cluster.json" ] && ! grep -qF ${`"id":"${id}"`} "$KW/cluster.json"; then exit 71; fi`
}

/** Begins or closes an operation on a host that the run is not for: its journal alone tells of that. Exit code 71 as above. */
export function passingShipment(operation: Operation, status: 'opened' | 'done' | 'superseded'): Bookkeeping {
  return bookkeeping(
    unlessForeign(operation.cluster.id),
    operation,
    {},
    sh`kw_journal ${JSON.stringify({ at: '@now@', operation: operation.id, status })} || exit 74
kw_synced || exit 74`,
  )
}

/**
 * Closes the operation: copies of secrets go, and when it is done the inventory is recorded as the last applied one. Exit code 71
 * if the host is another cluster's.
 */
export function finishShipment(
  operation: Operation,
  record: ClusterRecord | undefined,
  outcome: 'done' | 'superseded',
): Bookkeeping {
  const { id, name } = operation.cluster
  const applied = {
    inventory: operation.inventory,
    appliedBy: operation.startedBy,
    appliedAt: new Date().toISOString(),
  }
  return bookkeeping(
    unlessForeign(id),
    operation,
    { 'cluster.json': { ...record, id, name, ...(outcome === 'done' ? applied : {}) } },
    // that there was no file before is no secret, and tells a reset what to remove
    sh`find "$KW/backups" -path '*/secrets/*' ! -type d ! -name '*.absent' -delete
rm -rf "$KW/incoming" "$KW/operation.json"
ls -1t "$KW/journal" | tail -n +21 | sort | while read -r kw_old; do kw_prune_backup "$(basename "$kw_old" .ndjson)"; done
kw_journal ${JSON.stringify({ at: '@now@', operation: operation.id, status: outcome })} || exit 74
kw_synced || exit 74`,
  )
}

/** Closes an operation that took the cluster off the host: its log is all that stays, where logs are. */
export function forgetShipment(operation: Operation): Bookkeeping {
  return bookkeeping(
    sh`:`,
    operation,
    {},
    sh`kw_journal ${JSON.stringify({ at: '@now@', operation: operation.id, status: 'done' })}
mkdir -p /var/log/kubewright && cat "$KW/journal/$KW_OPERATION.ndjson" >>"/var/log/kubewright/$KW_OPERATION.ndjson" || exit 1
sync -d "/var/log/kubewright/$KW_OPERATION.ndjson"
find "$KW" -mindepth 1 -maxdepth 1 ! -name operation.json -exec rm -rf '{}' +
rm -rf "$KW"`,
  )
}

function bookkeeping(
  guard: Command,
  operation: Operation,
  documents: Readonly<Record<string, unknown>>,
  then: Command,
): Bookkeeping {
  const files = Object.entries(documents).map(([name, content]) => ({
    name,
    bytes: Buffer.from(`${JSON.stringify(content)}\n`),
  }))
  const writes = files.map(
    ({ name, bytes }) =>
      sh`kw_take "$KW/${name}.part" ${bytes.length} && sync -d "$KW/${name}.part" && mv "$KW/${name}.part" "$KW/${name}" || exit 1`
        .text,
  )
  const script = sh`KW_OPERATION=${operation.id}
${probePrelude}
${scriptFile('host/act.sh')}
${guard}
${{ kind: 'command', text: writes.join('\n') } as const}
${then}`
  return {
    script: braced(script),
    payload: (async function* () {
      for (const { bytes } of files) yield bytes
    })(),
  }
}
