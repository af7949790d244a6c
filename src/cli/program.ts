import { Command, Option } from 'commander'
import { exitCodes } from '../engine/errors.ts'
import { programVersion } from '../package.ts'
import { type CommandDefinition, commands, type FlagDefinition, type ParentDefinition } from './commands.ts'
import { defaultFlags, type Flags } from './flags.ts'
import type { Screen } from './screen.ts'
import { openScreen } from './screen.ts'
import type { Io } from './io.ts'

/** Called with the command and the flags that the command line names. */
export type Chosen = (definition: CommandDefinition, flags: Flags) => Promise<void>

/** The command line as commander knows it; it throws where it would end the process. */
export function programOf(io: Io, chosen: Chosen): Command {
  const screen: Screen = openScreen(io, { color: true })
  const program = new Command('kubewright')
    .description(
      'Kubernetes clusters on hosts reached by SSH: one inventory, a plan of every change, and an apply that makes exactly those.',
    )
    .version(programVersion, '--version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .addHelpCommand(new Command('help').argument('[command]').summary('show help of a command').helpGroup('Look:'))
    .showHelpAfterError('`kubewright --help` shows how it is used.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => screen.print(text.trimEnd()),
      writeErr: (text) => screen.say(text.trimEnd()),
      getOutHelpWidth: () => Math.min(io.stdout.columns ?? 100, 120),
      getErrHelpWidth: () => Math.min(io.stderr.columns ?? 100, 120),
    })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', `\n${introduction}`)
  for (const option of globalOptions()) program.addOption(option)
  for (const definition of commands) {
    const parent = definition.parent === undefined ? program : parentOf(program, definition.parent)
    parent.addCommand(commandOf(parent, definition, chosen))
  }
  return program
}

/** A command that has commands; it is made with its first. */
function parentOf(program: Command, { name, group, summary }: ParentDefinition): Command {
  const known = program.commands.find((command) => command.name() === name)
  if (known !== undefined) return known
  const parent = new Command(name)
    .copyInheritedSettings(program)
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .summary(summary)
    .description(summary)
    .helpGroup(group)
  program.addCommand(parent)
  return parent
}

function commandOf(program: Command, definition: CommandDefinition, chosen: Chosen): Command {
  const { name, group, summary, description, flags, examples } = definition
  const command = new Command(name)
  command
    .copyInheritedSettings(program)
    .helpOption('-h, --help', 'show help')
    .summary(summary)
    .description(description)
    .helpGroup(group)
    .allowExcessArguments(false)
    .action(async (...given: readonly unknown[]) => {
      const called = given.at(-1) as Command
      await chosen(definition, { ...defaultFlags, ...called.optsWithGlobals<Partial<Flags>>(), names: called.args })
    })
  if (definition.argument !== undefined) command.argument(definition.argument.name, definition.argument.description)
  for (const flag of flags) command.addOption(optionOf(flag))
  const lines = examples.map(([line, meaning]) => `  ${line}${meaning === '' ? '' : `   # ${meaning}`}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

function globalOptions(): readonly Option[] {
  return [
    new Option('-i, --inventory <file>', 'the inventory').default(defaultFlags.inventory),
    optionOf({ flags: '-l, --limit <hosts>', description: 'only these hosts, as cp1,w1', list: true }),
    new Option('-o, --output <format>', 'for people or for programs').choices(['text', 'json']).default('text'),
    new Option('-v, --verbose', 'say more'),
    new Option('--no-color', 'no colours; NO_COLOR does the same'),
  ]
}

function optionOf({ flags, description, list }: FlagDefinition): Option {
  const option = new Option(flags, description)
  if (list !== true) return option
  return option.argParser((value: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    ...value.split(',').map((each) => each.trim()).filter((each) => each !== ''), // prettier-ignore
  ])
}

const {
  success,
  internal,
  changes,
  usage,
  inventory,
  connection,
  preflight,
  locked,
  apply,
  stale,
  refused,
  unhealthy,
  interrupted,
} = exitCodes

const introduction = `\
The way to a cluster:
  kubewright init          writes inventory.yaml
  kubewright trust         makes the hosts' SSH keys known
  kubewright plan          shows what would be done
  kubewright apply         does it
  kubewright kubeconfig    fetches the way into the cluster

Exit codes:
  ${success}  done, nothing to change     ${connection}  a host is out of reach      ${stale}   the saved plan is out of date
  ${changes}  plan: there are changes     ${preflight}  preflight found errors      ${refused}  refused
  ${usage}  wrong usage                 ${locked}  another run holds a host    ${interrupted} interrupted
  ${inventory}  wrong inventory             ${apply}  a change failed             ${unhealthy}  check: something does not work
  ${internal}  a defect of kubewright`
