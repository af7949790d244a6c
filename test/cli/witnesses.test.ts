import { expect, test } from 'vitest'
import { keeperAmong } from '../../src/cli/witnesses.ts'
import { clusterOf, hostOf, workerOf } from '../support/facts.ts'
import { sandboxHost } from '../support/sandbox-host.ts'

const cluster = clusterOf({
  hosts: [...['cp1', 'cp2', 'cp3'].map((name) => hostOf({ name })), workerOf('w1', '10.89.5.21')],
})

/** What the members on the hosts that answer are like, and who keeps a snapshot then. */
async function keeper(members: Readonly<Record<string, 'healthy' | 'alone' | 'silent' | 'absent' | 'unequipped'>>) {
  const asked = Object.entries(members).map(([name, state]) => {
    const host = sandboxHost({ name })
    const url = `https://10.89.5.1${name.at(-1)}:2379`
    if (state !== 'unequipped') host.install('etcdutl')
    host.install('etcdctl')
    if (state !== 'absent') host.write('/proc/7/comm', 'etcd\n')
    host.write('/etc/kubernetes/manifests/etcd.yaml', `    - etcd\n    - --advertise-client-urls=${url}\n`)
    if (state === 'silent') host.write('/fake/etcd/silent', `${url}\n`)
    if (state === 'alone') host.write('/fake/etcd/ill', `${url}\n`)
    return [name, host.transport] as const
  })
  return (await keeperAmong(cluster, new Map(asked)))?.host
}

test('the first healthy member keeps the snapshot', async () => {
  expect(await keeper({ cp1: 'healthy', cp3: 'healthy' })).toBe('cp1')
  expect(await keeper({ cp1: 'alone', cp3: 'healthy' })).toBe('cp3')
})

test('where the majority is lost, one that answers does', async () => {
  expect(await keeper({ cp1: 'silent', cp3: 'alone' })).toBe('cp3')
})

test('where no member answers, nobody does', async () => {
  expect(await keeper({ cp1: 'silent', cp3: 'absent' })).toBeUndefined()
  expect(await keeper({})).toBeUndefined()
})

test('where a snapshot could not be verified, none is kept', async () => {
  expect(await keeper({ cp1: 'unequipped', cp3: 'healthy' })).toBe('cp3')
})
