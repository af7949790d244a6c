import type { Screen } from './screen.ts'

const refusals = new Set(['no', 'n'])

/** Asks until the answer is the one that is wanted or a no; the end of the input is a no. */
export async function confirmed(screen: Screen, question: string, wanted = 'yes'): Promise<boolean> {
  for (;;) {
    const answer = await screen.ask(`${screen.sayStyle('strong', question)} `)
    if (answer === undefined || refusals.has(answer.toLowerCase())) return false
    if (answer === wanted || (wanted === 'yes' && ['yes', 'y'].includes(answer.toLowerCase()))) return true
    screen.say(`Please answer ${wanted} or no.`)
  }
}
