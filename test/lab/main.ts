import { Command, InvalidArgumentError, Option } from 'commander'
import { buildArtifacts, missingArtifacts } from './artifacts/build.ts'
import { newestKubernetes, releaseOf } from './artifacts/versions.ts'
import type { Suite } from './hosts/definition.ts'
import { labDown, labDownAll } from './hosts/down.ts'
import { defaultLab } from './hosts/paths.ts'
import { statusTable } from './hosts/status.ts'
import { labNetworks, type LabNetwork } from './hosts/inventory.ts'
import { labUp } from './hosts/up.ts'
import { progress } from './shell.ts'

interface UpOptions {
  readonly name: string
  readonly controlPlanes: number
  readonly workers: number
  readonly etcdHosts: number
  readonly image: Suite
  readonly twoNetworks?: boolean
  readonly kubernetes?: string
  readonly cni?: LabNetwork
  readonly fresh?: boolean
}

const program = new Command('lab').description('Real hosts and real Kubernetes on one machine')

program
  .command('artifacts')
  .description('build or fetch everything that a cluster is installed from')
  .option('--kubernetes <version...>', 'Kubernetes releases; all known ones by default')
  .option('--calico', 'Calico, too')
  .action(async (options: { kubernetes?: string[]; calico?: boolean }) => {
    process.stdout.write(`${await buildArtifacts(options)}\n`)
  })

program
  .command('up')
  .description('bring hosts up and write their inventory; hosts that are up already stay')
  .option('--name <name>', 'name of the lab', defaultLab)
  .option('--control-planes <count>', 'control plane hosts', wholeNumber, 1)
  .option('--workers <count>', 'worker hosts', wholeNumber, 2)
  .option('--etcd-hosts <count>', 'hosts that run etcd alone', wholeNumber, 0)
  .addOption(
    new Option('--image <suite>', 'Debian release of the hosts').choices(['bookworm', 'trixie']).default('bookworm'),
  )
  .option('--two-networks', 'SSH and the default route on another network than the nodes')
  .option('--kubernetes <version>', 'Kubernetes release in the inventory')
  .addOption(new Option('--cni <name>', 'network in the inventory').choices(labNetworks))
  .option('--fresh', 'make bare hosts even if the lab is up')
  .action(async ({ image, ...options }: UpOptions) => {
    releaseOf(options.kubernetes ?? newestKubernetes) // before anything is made for a release that there is not
    const lab = await labUp({ ...options, suite: image })
    process.stdout.write(`${lab.inventoryPath}\n`)
    const missing = await missingArtifacts([options.kubernetes ?? newestKubernetes])
    if (missing.length > 0) progress(`The bundle lacks ${missing.join(', ')}: run "npm run lab -- artifacts".`)
  })

program
  .command('down')
  .description('remove what "up" has made')
  .option('--name <name>', 'name of the lab', defaultLab)
  .option('--all', 'every lab of this checkout, and those whose checkout is gone')
  .action(async (options: { name: string; all?: boolean }) => {
    await (options.all === true ? labDownAll() : labDown(options.name))
  })

program
  .command('status')
  .description('list labs and hosts')
  .action(async () => {
    process.stdout.write(`${await statusTable()}\n`)
  })

try {
  await program.parseAsync()
} catch (error) {
  progress(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 9) throw new InvalidArgumentError('Use a number from 0 to 9.')
  return value
}
