import type { CommandDefinition, FlagDefinition, ParentDefinition } from '../commands.ts'

const parent: ParentDefinition = {
  name: 'node',
  group: 'Change:',
  summary: 'nodes that come, go, and are replaced: node add, node remove, node replace',
}
const argument = { name: '<name>', description: 'the host as the inventory names it' }

const offline: FlagDefinition = {
  flags: '--offline',
  description: 'the host that goes is dead: nobody goes there, and nobody cleans it',
}
const keepInventory: FlagDefinition = { flags: '--keep-inventory', description: 'leave the inventory file as it is' }
const draining: readonly FlagDefinition[] = [
  { flags: '--drain-timeout <duration>', description: 'how long pods have to leave, as 90s or 10m (default: 5m)' },
  { flags: '--force', description: 'delete pods that nobody makes again elsewhere' },
  { flags: '--delete-emptydir-data', description: 'delete pods that keep data in emptyDir volumes' },
  { flags: '--uncordon-on-failure', description: 'when pods do not leave in time, the node takes pods again' },
]

/** The commands for single nodes, with flags that other commands have, too. */
export function nodeCommands({
  ignore,
  yes,
  deep,
}: Readonly<Record<'ignore' | 'yes' | 'deep', FlagDefinition>>): readonly CommandDefinition[] {
  return [
    {
      name: 'add',
      parent,
      group: 'Change:',
      summary: 'bring a host of the inventory into the living cluster',
      description:
        'Brings a new host of the inventory into the living cluster. Only that host and one control plane are contacted, ' +
        'however large the cluster is; other workers when a control plane comes to which their proxies lead, and other control ' +
        'planes when it holds a virtual address with them.',
      argument,
      flags: [yes, ignore, deep],
      examples: [['kubewright node add w3', 'after w3 was written into the inventory']],
      load: async () => (await import('../verbs/node.ts')).nodeAdd,
    },
    {
      name: 'replace',
      parent,
      group: 'Change:',
      summary: 'put a new host in the place of a node, the first control plane included',
      description:
        "Puts a new host in the place of a node that is lost, or of one that lives: etcd's old member and the old Node go, the " +
        'keys come from a control plane that lives, the new member is a learner until it is in sync. Without --with the ' +
        'host itself is meant, made anew with an empty disk; one that lives is refused. The other refusals, the snapshot and the ' +
        'drain are those of node remove.',
      argument,
      flags: [
        {
          flags: '--with <host>',
          description: 'the new host, as name=address; it has its place in the inventory, too',
        },
        offline,
        ...draining,
        keepInventory,
        yes,
        ignore,
        deep,
      ],
      examples: [
        ['kubewright node replace cp1', 'cp1 was lost and is there again, with an empty disk'],
        ['kubewright node replace cp1 --with cp4=192.0.2.14 --offline', 'cp1 is dead'],
      ],
      load: async () => (await import('../verbs/node.ts')).nodeReplace,
    },
    {
      name: 'remove',
      parent,
      group: 'Change:',
      summary: 'take a node out of the cluster, and the cluster off its host',
      description:
        'Takes a node out of the living cluster: of a control plane a verified snapshot of etcd first, then cordon, drain ' +
        "(PodDisruptionBudgets are respected), etcd's member, the Node, and the host is cleaned. Refuses what would cost etcd " +
        'its majority. When pods do not leave in time, they are named with the budgets that keep them, and the node stays ' +
        'cordoned; the same command continues. At the end the host leaves the inventory file, comments stay.',
      argument,
      flags: [offline, ...draining, keepInventory, yes, ignore],
      examples: [
        ['kubewright node remove w3', ''],
        ['kubewright node remove cp2 --offline', 'a control plane that is dead'],
      ],
      load: async () => (await import('../verbs/node.ts')).nodeRemove,
    },
  ]
}
