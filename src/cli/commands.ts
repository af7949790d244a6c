import { nodeCommands } from './nodes/commands.ts'
import type { Verb } from './verb.ts'

/** A flag of a command, as the help shows it. */
export interface FlagDefinition {
  readonly flags: string
  readonly description: string
  /** Several values: repeated, or with commas between them. */
  readonly list?: true
}

/** The first word of commands that have two. */
export interface ParentDefinition {
  readonly name: string
  readonly group: string
  readonly summary: string
}

/** A command of the program: what the help says, and where its code is, which is loaded only when it runs. */
export interface CommandDefinition {
  readonly name: string
  /** The word before the name: `check` of `check network`. */
  readonly parent?: ParentDefinition
  readonly group: string
  readonly summary: string
  readonly description: string
  /** The words that follow it, as commander writes them: `<name>`. */
  readonly argument?: { readonly name: string; readonly description: string }
  readonly flags: readonly FlagDefinition[]
  readonly examples: readonly (readonly [command: string, meaning: string])[]
  load(): Promise<Verb>
}

const ignore: FlagDefinition = {
  flags: '--ignore <checks>',
  description: 'preflight checks whose errors do not stop the run, as NumCPU,Mem',
  list: true,
}
const deep: FlagDefinition = {
  flags: '--deep',
  description: 'hash large files, here and on the hosts, instead of trusting size and time',
}
const yes: FlagDefinition = { flags: '-y, --yes', description: 'do not ask; needed where nobody can answer' }

/** Every command, in the order of the help. */
export const commands: readonly CommandDefinition[] = [
  {
    name: 'init',
    group: 'Begin:',
    summary: 'write a commented inventory',
    description: 'Writes a commented inventory. Asks for what it needs on a terminal; elsewhere flags say it.',
    flags: [
      { flags: '--name <name>', description: 'name of the cluster (default: the directory)' },
      {
        flags: '--control-plane <name=address>',
        description: 'a control plane; address "local" is this machine',
        list: true,
      },
      { flags: '--worker <name=address>', description: 'a worker; may be repeated', list: true },
      { flags: '--user <user>', description: 'SSH user with password-less sudo, or root' },
      { flags: '--kubernetes-version <version>', description: 'exact version, as 1.37.1' },
      { flags: '--bundle <directory>', description: 'take binaries and images from a bundle instead of the internet' },
      { flags: '--force', description: 'overwrite an inventory that exists' },
    ],
    examples: [
      ['kubewright init', 'asks'],
      ['kubewright init --control-plane cp1=192.0.2.11 --worker w1=192.0.2.21 --user admin', 'does not ask'],
    ],
    load: async () => (await import('./verbs/init.ts')).init,
  },
  {
    name: 'trust',
    group: 'Begin:',
    summary: "show the hosts' SSH keys and add them to known_hosts",
    description:
      'Shows the fingerprints of hosts that are not known yet and, after a yes, adds their keys to the known_hosts file ' +
      'that the inventory names (~/.ssh/known_hosts by default). A key that has changed is refused.',
    argument: { name: '[host...]', description: 'these hosts alone' },
    flags: [{ flags: '--with <host>', description: 'the new host of node replace, as name=address' }, yes],
    examples: [
      ['kubewright trust w3', 'a new worker'],
      ['kubewright trust cp1 --with cp4=192.0.2.14', 'before cp4 takes the place of cp1'],
    ],
    load: async () => (await import('./verbs/trust.ts')).trust,
  },
  {
    name: 'validate',
    group: 'Begin:',
    summary: 'check the inventory alone, offline',
    description: 'Checks the inventory without asking any host. Problems are shown with file, line and column.',
    flags: [],
    examples: [['kubewright validate --inventory clusters/demo.yaml', '']],
    load: async () => (await import('./verbs/validate.ts')).validate,
  },
  {
    name: 'preflight',
    group: 'Change:',
    summary: 'check whether the hosts can become the cluster',
    description: 'Checks all hosts and shows all findings at once. Writes nothing on them.',
    flags: [ignore],
    examples: [['kubewright preflight --ignore NumCPU', 'a small host is all right']],
    load: async () => (await import('./verbs/preflight.ts')).preflight,
  },
  {
    name: 'plan',
    group: 'Change:',
    summary: 'show every change that apply would make',
    description:
      'Reads the hosts and shows every file, service and API object that apply would change. Writes nothing on them. ' +
      'Exits with 0 when there is nothing to change and with 2 when there is.',
    flags: [{ flags: '--out <file>', description: 'save the plan, for apply --plan' }, ignore, deep],
    examples: [
      ['kubewright plan', ''],
      ['kubewright plan --out demo.plan', 'to be read, then carried out as it is'],
      ['kubewright plan --output json | jq .entries', 'for programs'],
    ],
    load: async () => (await import('./verbs/plan.ts')).plan,
  },
  {
    name: 'apply',
    group: 'Change:',
    summary: 'make the hosts what the inventory says',
    description:
      'Shows the plan, asks, and carries it out. It can be interrupted at any moment, even by a crash: the next apply, from ' +
      'this or another machine, continues. Ctrl-C stops after the running action, a second one at once.',
    flags: [{ flags: '--plan <file>', description: 'carry out a saved plan and nothing else' }, yes, ignore, deep],
    examples: [
      ['kubewright apply', ''],
      ['kubewright apply --plan demo.plan --yes', 'exactly what was read before'],
      ['kubewright apply --limit w3', 'this host and nothing on the others'],
    ],
    load: async () => (await import('./verbs/apply.ts')).apply,
  },
  ...nodeCommands({ ignore, yes, deep }),
  {
    name: 'reset',
    group: 'Change:',
    summary: 'take the cluster off its hosts, with its data',
    description:
      'Destroys the cluster: after it the hosts are as they were before the first apply, which can then be run again. ' +
      'It needs no API server and no containerd. Packages stay, and so do files and rules that are not of the cluster. ' +
      'A host on which a cluster counts that lives on elsewhere is refused: "node remove" is for that. Before the data of a ' +
      'member of etcd goes while others live, one of them keeps a verified snapshot.',
    argument: { name: '[host...]', description: 'these hosts alone; the others of the inventory are not touched' },
    flags: [yes, ignore],
    examples: [
      ['kubewright reset', 'asks for the name of the cluster'],
      ['kubewright reset w3 --ignore LivingCluster', 'although the cluster still counts on it'],
    ],
    load: async () => (await import('./verbs/reset.ts')).reset,
  },
  {
    name: 'status',
    group: 'Look:',
    summary: 'show nodes, versions, certificates, etcd and addons',
    description: 'Shows what the cluster is like right now. A host that does not answer is a line, not an error.',
    flags: [],
    examples: [
      ['kubewright status', ''],
      ['kubewright status --verbose', 'with every certificate'],
    ],
    load: async () => (await import('./verbs/status.ts')).status,
  },
  {
    name: 'network',
    parent: { name: 'check', group: 'Look:', summary: 'try out what the cluster should do: check network' },
    group: 'Look:',
    summary: 'try the network between all nodes, services and DNS',
    description:
      'Runs pods on all nodes for some seconds: they ask each other (each pair of nodes; a sample above 20 nodes), services, ' +
      'themselves through a service, the API and DNS, and send large packets; where the network has policies, one is tried. ' +
      'What fails is explained. The pods are gone when it ends, even after Ctrl-C. It needs no internet.',
    flags: [],
    examples: [
      ['kubewright check network', ''],
      ['kubewright check network --limit w1,w2', 'between these'],
      ['kubewright check network --output json | jq .causes', 'for programs'],
    ],
    load: async () => (await import('./verbs/check-network.ts')).checkNetwork,
  },
  {
    name: 'kubeconfig',
    group: 'Look:',
    summary: "fetch the administrator's kubeconfig",
    description:
      "Fetches the administrator's kubeconfig from a control plane into <cluster>.kubeconfig, readable by you alone. Who has " +
      'it has the cluster.',
    flags: [
      { flags: '--out <file>', description: 'write there; - is stdout' },
      { flags: '--merge', description: 'add it to ~/.kube/config (or to --out), as context <cluster>' },
    ],
    examples: [
      ['kubewright kubeconfig --merge', 'then: kubectl --context demo get nodes'],
      ['kubewright kubeconfig --out - | ssh jump "cat > demo.kubeconfig"', ''],
    ],
    load: async () => (await import('./verbs/kubeconfig.ts')).kubeconfig,
  },
]
