import { expect, test } from 'vitest'
import type { Connections } from '../../../src/cli/connect.ts'
import { firstLiving } from '../../../src/cli/nodes/first-living.ts'
import { KubewrightError } from '../../../src/engine/errors.ts'
import type { Host } from '../../../src/inventory/cluster.ts'
import type { Transport } from '../../../src/transport/transport.ts'
import { hostOf } from '../../support/facts.ts'

const hosts = ['cp1', 'cp2', 'cp3'].map((name) => hostOf({ name }))
const patience = 20

/** What each host does when it is asked. */
type Behaviour = 'lives' | 'refuses' | 'silent' | 'deaf' | 'slow'

function failed({ name }: Host): Connections {
  const error = new KubewrightError({ code: 'KW2001', exit: 'connection', host: name, message: name, hint: '' })
  return { transports: new Map(), errors: [error] }
}

/** Control planes that behave so, in the order of the inventory: `deaf` does not even hear that it is given up, until it lives; `slow` has been reached. */
function controlPlanes(...behaviours: readonly Behaviour[]) {
  const asked: string[] = []
  const given: string[] = []
  const closed: string[] = []
  let hear: (() => void) | undefined
  const living = ({ name }: Host): Connections => {
    const close = async (): Promise<void> => void closed.push(name)
    return { transports: new Map([[name, { host: name, close } as Partial<Transport> as Transport]]), errors: [] }
  }
  const ask = async (host: Host, signal: AbortSignal, connected: () => void): Promise<Connections> => {
    asked.push(host.name)
    const behaviour = behaviours[hosts.indexOf(host)]
    if (behaviour === 'lives') return living(host)
    if (behaviour === 'refuses') return failed(host)
    if (behaviour === 'slow') connected()
    return new Promise((resolve) => {
      if (behaviour === 'deaf' || behaviour === 'slow') hear = () => resolve(living(host))
      const give = (): void => {
        given.push(host.name)
        if (behaviour === 'silent') resolve(failed(host))
      }
      if (signal.aborted) give()
      signal.addEventListener('abort', give)
    })
  }
  const first = async (abort = new AbortController().signal) =>
    firstLiving(hosts.slice(0, behaviours.length), ask, { abort, patience })
  return { first, asked, given, closed, hear: () => hear?.() }
}

const namesOf = ({ transports }: Connections): readonly string[] => [...transports.keys()]

test('where the first control plane lives nobody else is asked', async () => {
  const { first, asked } = controlPlanes('lives', 'lives', 'lives')
  expect(namesOf(await first())).toEqual(['cp1'])
  await new Promise((resolve) => setTimeout(resolve, 3 * patience))
  expect(asked).toEqual(['cp1'])
})

test('the next is asked at once after one that refuses, and soon beside one that keeps silent', async () => {
  const { first, asked, given } = controlPlanes('refuses', 'silent', 'lives')
  expect(namesOf(await first())).toEqual(['cp3'])
  expect(asked).toEqual(['cp1', 'cp2', 'cp3'])
  expect(given).toEqual(['cp2'])
})

test('one that answers too late is let go', async () => {
  const { first, closed, hear } = controlPlanes('deaf', 'lives')
  expect(namesOf(await first())).toEqual(['cp2'])
  hear()
  await new Promise((resolve) => setTimeout(resolve))
  expect(closed).toEqual(['cp1'])
})

test('one that is only slow is as good as another, since it goes on being awaited', async () => {
  const { first, hear } = controlPlanes('deaf', 'refuses')
  setTimeout(hear, 3 * patience)
  expect(namesOf(await first())).toEqual(['cp1'])
})

test('one that has been reached is waited for, and nobody else is asked meanwhile', async () => {
  const { first, asked, hear } = controlPlanes('slow', 'lives')
  setTimeout(hear, 3 * patience)
  expect(namesOf(await first())).toEqual(['cp1'])
  expect(asked).toEqual(['cp1'])
})

test('where nobody lives the errors of all are told, in their order', async () => {
  const { first } = controlPlanes('refuses', 'refuses')
  expect((await first()).errors.map(({ details }) => details.host)).toEqual(['cp1', 'cp2'])
})

test('a run that is given up waits for nobody', async () => {
  const abort = new AbortController()
  const { first, given } = controlPlanes('silent', 'silent')
  setTimeout(() => abort.abort(), 2)
  expect((await first(abort.signal)).errors).toHaveLength(2)
  expect(given).toEqual(['cp1', 'cp2'])
})
