import { KubewrightError } from '../engine/errors.ts'
import type { ScaffoldAnswers, ScaffoldHost } from '../inventory/scaffold.ts'
import { hostArgument } from './host-argument.ts'
import type { Screen } from './screen.ts'

/** Asks for what an inventory needs; what was given by flags is the default. */
export async function askForCluster(screen: Screen, given: ScaffoldAnswers): Promise<ScaffoldAnswers> {
  const name = await askFor(screen, 'Name of the cluster', given.name)
  const kubernetesVersion = await askFor(screen, 'Kubernetes version', given.kubernetesVersion)
  screen.say('Hosts are written as name=address: cp1=192.0.2.11')
  const controlPlanes = await askForHosts(screen, 'Control plane', 1)
  const workers = given.workers.length > 0 ? given.workers : await askForHosts(screen, 'Worker (empty: no more)')
  const user = await askFor(screen, 'SSH user (empty: as ~/.ssh/config says)', given.user ?? '')
  return { ...given, name, kubernetesVersion, controlPlanes, workers, user: user === '' ? undefined : user }
}

async function askFor(screen: Screen, question: string, given: string): Promise<string> {
  const suffix = given === '' ? '' : ` [${given}]`
  const answer = await screen.ask(`${screen.sayStyle('strong', question)}${suffix}: `)
  if (answer === undefined) throw noAnswer()
  return answer === '' ? given : answer
}

/** Asks until nothing is answered, or for exactly as many as are wanted. */
async function askForHosts(screen: Screen, question: string, wanted?: number): Promise<readonly ScaffoldHost[]> {
  const hosts: ScaffoldHost[] = []
  while (hosts.length < (wanted ?? Infinity)) {
    const answer = await askFor(screen, question, '')
    if (answer === '' && wanted === undefined) break
    try {
      hosts.push(hostArgument(answer))
    } catch (error) {
      if (!(error instanceof KubewrightError)) throw error
      screen.say(`${error.message}. ${error.details.hint}`)
    }
  }
  return hosts
}

function noAnswer(): KubewrightError {
  const hint = 'Nothing was written. Answer the questions, or use flags: kubewright init --help'
  return new KubewrightError({
    code: 'KW5003',
    exit: 'usage',
    message: 'The input ended before all was answered',
    hint,
  })
}
