import { Command } from 'commander'
import { buildArtifacts } from './artifacts/build.ts'
import { progress } from './shell.ts'

const program = new Command('lab').description('Real hosts and real Kubernetes on one machine')

program
  .command('artifacts')
  .description('build or fetch everything that a cluster is installed from')
  .option('--kubernetes <version...>', 'Kubernetes releases; all known ones by default')
  .action(async (options: { kubernetes?: string[] }) => {
    process.stdout.write(`${await buildArtifacts(options)}\n`)
  })

try {
  await program.parseAsync()
} catch (error) {
  progress(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
