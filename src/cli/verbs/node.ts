import { type ExitClass, KubewrightError } from '../../engine/errors.ts'
import { durationPattern, durationSeconds } from '../../inventory/duration.ts'
import { type Execution, execute } from '../execution.ts'
import { hostArgument } from '../host-argument.ts'
import { editInventory } from '../nodes/inventory-file.ts'
import { editOf, type NodeRequest } from '../nodes/intention.ts'
import type { Invocation, Verb } from '../verb.ts'

/** Takes a node out of the cluster, and the cluster off its host. */
export const nodeRemove: Verb = async (invocation) => {
  const nodes = requestOf(invocation, 'remove')
  const where = nodes.offline ? 'its host, which is dead, is left as it is' : 'its host is cleaned'
  return changeNodes(invocation, nodes, {
    playbook: 'node-remove',
    unchanged: `Nothing to do: the cluster does not know ${nodes.name} any more.`,
    question: () => ({
      text: `Remove the node ${nodes.name}? Its pods go elsewhere, ${where}. (yes/no)`,
      answer: 'yes',
    }),
  })
}

/** Brings a host of the inventory into the cluster. */
export const nodeAdd: Verb = async (invocation) => {
  const nodes = requestOf(invocation, 'add')
  return changeNodes(invocation, nodes, {
    playbook: 'node-add',
    question: () => ({ text: `Add the node ${nodes.name}? (yes/no)`, answer: 'yes' }),
  })
}

/** Puts a host in the place of a node: another one, or the same made anew. */
export const nodeReplace: Verb = async (invocation) => {
  const nodes = requestOf(invocation, 'replace')
  const by = nodes.with === undefined ? 'the same host, made anew' : nodes.with.name
  return changeNodes(invocation, nodes, {
    playbook: 'node-replace',
    question: () => ({ text: `Replace the node ${nodes.name} by ${by}? (yes/no)`, answer: 'yes' }),
  })
}

/** Carries a change of nodes out; the inventory is edited when all of it is done. */
async function changeNodes(
  invocation: Invocation,
  nodes: NodeRequest,
  execution: Omit<Execution, 'nodes'>,
): Promise<ExitClass> {
  const { flags, io, screen } = invocation
  const outcome = await execute(invocation, { ...execution, nodes })
  const edit = editOf(nodes)
  if (outcome !== 'success' || edit === undefined) return outcome
  if (flags.keepInventory) screen.say(`${flags.inventory} was kept as it is: the next apply does what it says.`)
  else if (await editInventory(io.cwd, flags.inventory, edit)) screen.say(`${flags.inventory} was edited.`)
  return outcome
}

function requestOf({ flags }: Invocation, kind: NodeRequest['kind']): NodeRequest {
  const { names, offline, force, deleteEmptydirData: deleteEmptyDirData, drainTimeout, uncordonOnFailure } = flags
  const [name = ''] = names
  if (!durationPattern.test(drainTimeout)) {
    throw new KubewrightError({
      code: 'KW5023',
      exit: 'usage',
      message: `--drain-timeout ${JSON.stringify(drainTimeout)} is not a duration`,
      hint: 'Write it as 90s, 5m or 1h.',
    })
  }
  const drain = { force, deleteEmptyDirData, timeout: durationSeconds(drainTimeout), uncordonOnFailure }
  return { kind, name, offline, drain, ...(flags.with === undefined ? {} : { with: hostArgument(flags.with) }) }
}
