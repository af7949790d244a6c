import { CommanderError } from 'commander'
import { type ExitClass, exitCodes } from '../engine/errors.ts'
import type { CommandDefinition } from './commands.ts'
import { reportFailure } from './failure.ts'
import type { Flags } from './flags.ts'
import { listenForInterruptions } from './interruption.ts'
import type { Io } from './io.ts'
import { programOf } from './program.ts'
import { openScreen } from './screen.ts'
import { type Services, services as realServices } from './services.ts'

/** Runs the program with these arguments (without node and script) and resolves with its exit code; it never rejects. */
export async function run(argv: readonly string[], io: Io, services: Services = realServices): Promise<number> {
  let exit: ExitClass = 'success'
  const program = programOf(io, async (definition, flags) => {
    exit = await invoke(definition, flags, io, services)
  })
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' })
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    return thrown.exitCode === 0 ? exitCodes.success : exitCodes.usage
  }
  return exitCodes[exit]
}

async function invoke(definition: CommandDefinition, flags: Flags, io: Io, services: Services): Promise<ExitClass> {
  const screen = openScreen(io, flags)
  const interruption = listenForInterruptions(io.onInterrupt)
  const work = async (): Promise<ExitClass> => {
    try {
      const verb = await definition.load()
      return await verb({ verb: calledAs(definition), flags, io, screen, interruption, services })
    } catch (thrown) {
      // Whatever fails because everything was let go is told by that alone.
      return interruption.abort.aborted ? 'interrupted' : reportFailure(thrown, screen, flags, io.now())
    }
  }
  const givenUp = interruption.givenUp.then((): ExitClass => {
    screen.say(
      `\n${screen.sayStyle('warning', 'Interrupted.')}${interruption.acted() ? atOnce(calledAs(definition)) : ''}`,
    )
    return 'interrupted'
  })
  try {
    return await Promise.race([work(), givenUp])
  } finally {
    interruption.close()
  }
}

function calledAs({ name, parent }: CommandDefinition): string {
  return parent === undefined ? name : `${parent.name} ${name}`
}

function atOnce(verb: string): string {
  return ` What ran on a host may still be running there; \`kubewright ${verb}\` waits for its end and continues.`
}
