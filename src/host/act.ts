import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import type { Deliver } from '../engine/resource.ts'
import type { ReadyAction, ReadyChange, Operation } from '../engine/target.ts'
import { lines, sh, type Command } from '../transport/command.ts'
import { probeBatch, probePrelude, type ProbeBatch } from './probe.ts'
import { braced, scriptFile } from './script.ts'

/** A mutating script with what it reads from stdin after itself. */
export interface Shipment {
  readonly script: Command
  readonly payload: AsyncIterable<Buffer>
}

const state = '/var/lib/kubewright'

const actPrelude = scriptFile('host/act.sh')

const noProbes = probeBatch([])

/** Builds the script and the payload for changes of one host, and what is looked at afterwards; output lines `done N` and `failed N CODE` say how far it came. Exit code 74: no journal, so nothing more is done. */
export function actShipment(
  operation: Operation,
  changes: readonly ReadyChange[],
  { body: look }: Pick<ProbeBatch, 'body'> = noProbes,
): Shipment {
  const segments = grouped(changes).map((group) => segment(operation, group))
  const intents = changes.map((change) => sh`kw_journal ${journalLine(operation, change, 'intent')} || exit 74`)
  const body = lines(
    sh`KW_OPERATION=${operation.id}`,
    probePrelude,
    actPrelude,
    ...intents,
    sh`kw_synced || exit 74`,
    ...segments,
    sh`kw_synced || exit 74`,
    look,
  )
  return { script: braced(body), payload: payloadOf(changes) }
}

/** Changes with their place in the batch; neighbours that apply API objects by the same command are one group. */
function grouped(changes: readonly ReadyChange[]): readonly (readonly Placed[])[] {
  const groups: Placed[][] = []
  for (const [index, change] of changes.entries()) {
    const last = groups.at(-1)
    const command = applyCommandOf(change)
    if (command !== undefined && last?.[0] !== undefined && applyCommandOf(last[0].change) === command) {
      last.push({ index, change })
    } else groups.push([{ index, change }])
  }
  return groups
}

interface Placed {
  readonly index: number
  readonly change: ReadyChange
}

function applyCommandOf({ actions }: ReadyChange): string | undefined {
  const [first] = actions
  return actions.length === 1 && first?.action.kind === 'apply' ? first.action.command.text : undefined
}

function segment(operation: Operation, group: readonly Placed[]): Command {
  const journal = (status: string, otherwise = sh`:`) =>
    lines(...group.map(({ change }) => sh`kw_journal ${journalLine(operation, change, status)} || ${otherwise}`))
  return sh`(
set -e
${lines(...groupCommands(group))}
)
kw_code=$?
kw_clock
if [ $kw_code -ne 0 ]; then
${journal('failed')}
kw_synced
echo failed ${group[0]?.index ?? 0} $kw_code
exit 70
fi
${journal('done', sh`exit 74`)}
${lines(...group.map(({ index }) => sh`echo done ${index}`))}`
}

function groupCommands(group: readonly Placed[]): readonly Command[] {
  const actions = group.flatMap(({ change }) => change.actions)
  const [first] = actions
  if (first?.action.kind !== 'apply' || group.length === 1) return actions.map(actionCommand)
  return [applyObjects(first.action.command, actions)]
}

/** One call for all objects: starting kubectl costs more than applying. */
function applyObjects(command: Command, actions: readonly ReadyAction[]): Command {
  const items = actions.flatMap(({ action }) => (action.kind === 'apply' ? [action.object] : []))
  return sh`printf '%s' ${JSON.stringify({ apiVersion: 'v1', kind: 'List', items })} | ${command}`
}

function journalLine(operation: Operation, { resource, change }: ReadyChange, status: string): string {
  return JSON.stringify({ at: '@now@', operation: operation.id, resource, verb: change.verb, status })
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

function actionCommand(ready: ReadyAction): Command {
  const { action, bytes, secret } = ready
  const kept = secret ? 'secrets' : 'files'
  const size = bytes?.length ?? 0
  switch (action.kind) {
    case 'write': {
      const place = action.inPlace === true ? 'in-place' : 'rename'
      const sum = sha256(bytes ?? Buffer.alloc(0))
      return sh`kw_write ${action.path} ${octal(action.mode)} ${action.owner ?? 'root:root'} ${size} ${sum} ${kept} ${place}`
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
      return deliverCommand(action, size)
    case 'apply':
      return applyObjects(action.command, [ready])
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** `configured` is the size of the configuration of curl, where the host downloads. */
function deliverCommand(action: Deliver, configured: number): Command {
  const known = action.verbatim === true ? action.sha256 : ''
  const file = `${state}/incoming/${action.sha256.slice(0, 16)}`
  const fetch =
    'file' in action.from
      ? sh`kw_take "$KW_FILE" ${action.size ?? statSync(action.from.file).size}`
      : sh`head -c ${configured} | curl -fsSL --retry 3 --connect-timeout 15 -o "$KW_FILE" -K -`
  return sh`KW_FILE=${file}
${fetch}
kw_arrived "$KW_FILE" ${action.sha256}
{
${action.install}
} </dev/null
rm -f "$KW_FILE"
${lines(...action.paths.map((path) => sh`kw_record ${path} ${action.name} ${action.sha256} ${known}`))}`
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
