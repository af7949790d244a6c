import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exitCodes } from '../../src/engine/errors.ts'
import { labDown, labUp, powerOff, powerOn, type Lab } from '../lab/index.ts'
import { eventually, hostOf, inHost, onLab, planOf } from './support.ts'

const name = 'e2evip'

let lab: Lab
let address: string

beforeAll(async () => {
  lab = await labUp({ name, controlPlanes: 3, workers: 0, fresh: true })
  address = hostOf(lab, 'cp1').nodeIP.replace(/\d+$/, '100')
  const endpoint = `controlPlaneEndpoint: { provider: virtual-ip, address: ${address} }`
  const inventory = await readFile(lab.inventoryPath, 'utf8')
  await writeFile(lab.inventoryPath, inventory.replace(/controlPlaneEndpoint: .*/, endpoint))
  const outcome = await onLab(lab, 'apply', '--yes')
  expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
})

afterAll(() => labDown(name))

test('one control plane holds the address, and a second run has nothing to do', async () => {
  expect(await holders()).toEqual(['cp1'])
  expect(await ask('cp3')).toBe('ok')
  expect(await planOf(lab)).toEqual([])
})

test('the address moves when its host loses power, and stays where it is when that is back', async () => {
  const first = hostOf(lab, 'cp1')
  await powerOff(first)
  await eventually(10, async () => expect(await ask('cp3')).toBe('ok'))
  const [holder] = await holders()
  expect(['cp2', 'cp3']).toContain(holder)
  await powerOn(name, first)
  await eventually(90, async () => {
    expect(await inHost(first, 'systemctl is-active kubewright-keepalived')).toBe('active\n')
    expect(await inHost(first, '/usr/libexec/keepalived/kubewright-check-api-server && echo well')).toBe('well\n')
  })
  // Long enough to take it, if it would.
  await sleep(10_000)
  expect(await holders()).toEqual([holder])
})

test('the address moves when the API server of its host is not well', async () => {
  const [holder = ''] = await holders()
  const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml'
  await inHost(hostOf(lab, holder), `mv ${manifest} /root/`)
  await eventually(60, async () => expect(await holders()).not.toContain(holder))
  await eventually(10, async () => expect(await holders()).toHaveLength(1))
  await inHost(hostOf(lab, holder), `mv /root/kube-apiserver.yaml ${manifest}`)
  await eventually(90, async () => expect(await planOf(lab)).toEqual([]))
})

/** The control planes that have the address now; one without power has none. */
async function holders(): Promise<readonly string[]> {
  const answers = await Promise.all(
    lab.hosts.map(async (host) => [host.name, await inHost(host, 'ip -o address').catch(() => '')] as const),
  )
  return answers.flatMap(([host, addresses]) => (addresses.includes(` ${address}/32 `) ? [host] : []))
}

/** What the API says of itself by the address. */
async function ask(from: string): Promise<string> {
  const url = `--server https://${address}:6443 --request-timeout 2s`
  return inHost(hostOf(lab, from), `kubectl --kubeconfig /etc/kubernetes/admin.conf ${url} get --raw /readyz`)
}
