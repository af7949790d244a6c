import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { KubewrightError } from '../../engine/errors.ts'
import { loadInventory } from '../../inventory/load.ts'
import { scaffoldInventory, type ScaffoldAnswers } from '../../inventory/scaffold.ts'
import { writing } from '../file-error.ts'
import { askForCluster } from '../inventory-questions.ts'
import { hostArgument } from '../host-argument.ts'
import type { Invocation, Verb } from '../verb.ts'

/** The newest Kubernetes that is known to work, for new inventories. */
export const defaultKubernetesVersion = '1.37.1'

/** Writes a commented inventory: from flags, or from answers on a terminal. An inventory that exists stays. */
export const init: Verb = async (invocation) => {
  const { flags, io, screen } = invocation
  const file = resolve(io.cwd, flags.inventory)
  if (!flags.force && existsSync(file)) throw inTheWay(file) // before anybody answers in vain
  const answers = await answersOf(invocation)
  await writing(file, writeFile(file, scaffoldInventory(answers)))
  if (flags.output === 'json')
    screen.print(JSON.stringify({ formatVersion: 1, inventory: file, cluster: answers.name }))
  else screen.print(`Wrote ${flags.inventory}. Read it, then: kubewright trust, kubewright plan, kubewright apply`)
  await loadInventory(flags.inventory) // what was answered may be wrong, and now it has a line
  return 'success'
}

async function answersOf(invocation: Invocation): Promise<ScaffoldAnswers> {
  const { flags, io, screen } = invocation
  const given: ScaffoldAnswers = {
    name: flags.name ?? nameOf(io.cwd),
    kubernetesVersion: flags.kubernetesVersion ?? defaultKubernetesVersion,
    controlPlanes: flags.controlPlane.map(hostArgument),
    workers: flags.worker.map(hostArgument),
    user: flags.user,
    bundle: flags.bundle,
  }
  if (given.controlPlanes.length > 0) return given
  if (screen.interactive && flags.output === 'text') return askForCluster(screen, given)
  throw new KubewrightError({
    code: 'KW5003',
    exit: 'usage',
    message: 'init needs to know at least one control plane',
    hint: 'Name it: kubewright init --control-plane cp1=192.0.2.11 --worker w1=192.0.2.21',
  })
}

/** A cluster is called as its directory, as far as a name may be so. */
function nameOf(directory: string): string {
  const name = basename(directory).toLowerCase().replaceAll(/[^a-z0-9-]+/g, '-').replaceAll(/^[^a-z]+|-+$/g, '') // prettier-ignore
  return name === '' ? 'demo' : name.slice(0, 40)
}

function inTheWay(file: string): KubewrightError {
  return new KubewrightError({
    code: 'KW5002',
    exit: 'usage',
    message: `${file} exists already`,
    hint: 'It was left as it is. Name another file by --inventory, or overwrite it by --force.',
  })
}
