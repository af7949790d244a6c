import { createReadStream } from 'node:fs'
import type { ReadyAction, ReadyChange, Operation } from '../engine/target.ts'
import { lines, sh, type Command } from '../transport/command.ts'
import { probePrelude } from './probe.ts'
import { braced, scriptFile } from './script.ts'

/** A mutating script with what it reads from stdin after itself. */
export interface Shipment {
  readonly script: Command
  readonly payload: AsyncIterable<Buffer>
}

const state = '/var/lib/kubewright'

const actPrelude = scriptFile('host/act.sh')

/** Builds the script and the payload for changes of one host; output lines `done N` and `failed N CODE` say how far it came. */
export function actShipment(operation: Operation, changes: readonly ReadyChange[]): Shipment {
  const segments = changes.map((change, index) => segment(operation, change, index))
  const intents = changes.map((change) => sh`kw_journal ${journalLine(operation, change, 'intent')}`)
  const body = lines(
    sh`KW_OPERATION=${operation.id}`,
    probePrelude,
    actPrelude,
    ...intents,
    sh`kw_synced`,
    ...segments,
    sh`kw_synced`,
  )
  return { script: braced(body), payload: payloadOf(changes) }
}

function segment(operation: Operation, change: ReadyChange, index: number): Command {
  const actions = change.actions.map(actionCommand)
  return sh`(
set -e
${lines(...actions)}
)
kw_code=$?
if [ $kw_code -ne 0 ]; then
kw_journal ${journalLine(operation, change, 'failed')}
kw_synced
echo failed ${index} $kw_code
exit 70
fi
kw_journal ${journalLine(operation, change, 'done')}
echo done ${index}`
}

function journalLine(operation: Operation, { resource, change }: ReadyChange, status: string): string {
  return JSON.stringify({ at: '@now@', operation: operation.id, resource, verb: change.verb, status })
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

function actionCommand({ action, bytes, secret }: ReadyAction): Command {
  const kept = secret ? 'secrets' : 'files'
  const size = bytes?.length ?? 0
  switch (action.kind) {
    case 'write': {
      const place = action.inPlace === true ? 'in-place' : 'rename'
      return sh`kw_write ${action.path} ${octal(action.mode)} ${action.owner ?? 'root:root'} ${size} ${kept} ${place}`
    }
    case 'directory':
      return sh`kw_directory ${action.path} ${octal(action.mode)} ${action.owner ?? 'root:root'}`
    case 'link':
      return sh`kw_link ${action.path} ${action.target}`
    case 'remove':
      return sh`kw_remove ${action.path}`
    case 'run': {
      const command = sh`{
${action.command}
}`
      if (bytes === undefined) return sh`${command} </dev/null`
      return sh`head -c ${size} | ${command}`
    }
    case 'deliver':
      return deliverCommand(action)
  }
}

function deliverCommand(action: Extract<ReadyAction['action'], { kind: 'deliver' }>): Command {
  const file = `${state}/incoming/${action.sha256.slice(0, 16)}`
  const fetch =
    'file' in action.from
      ? sh`kw_take "$KW_FILE" ${action.size}`
      : sh`curl -fsSL --retry 3 --connect-timeout 15 -o "$KW_FILE" ${action.from.url} </dev/null`
  return sh`KW_FILE=${file}
${fetch}
kw_arrived "$KW_FILE" ${action.sha256}
{
${action.install}
} </dev/null
rm -f "$KW_FILE"
${lines(...action.paths.map((path) => sh`kw_record ${path} ${action.name} ${action.sha256}`))}`
}

async function* payloadOf(changes: readonly ReadyChange[]): AsyncIterable<Buffer> {
  for (const { actions } of changes) {
    for (const { action, bytes } of actions) {
      if (bytes !== undefined) yield bytes
      if (action.kind === 'deliver' && 'file' in action.from) {
        for await (const chunk of createReadStream(action.from.file, { highWaterMark: 1 << 20 })) yield chunk as Buffer
      }
    }
  }
}
