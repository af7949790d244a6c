import { expect } from 'vitest'
import { powerOff, powerOn, type Lab, type LabHost } from '../lab/index.ts'
import { $ } from '../lab/shell.ts'
import { eventually, hostOf, inHost, kubectl } from './support.ts'

/** Seconds in which everything comes back after a loss of power. */
const recovery = 180

/** A Service with two pods; its address. */
export async function serviceAddress(lab: Lab): Promise<string> {
  const image = (await inHost(hostOf(lab, 'cp1'), 'ctr -n k8s.io images ls -q')).match(/^\S+\/agnhost:\S+$/m)?.[0]
  await kubectl(
    lab,
    `create deployment echo --image ${image} --replicas 2 --port 8080 -- /agnhost netexec --http-port=8080`,
  )
  await kubectl(lab, 'expose deployment echo --port 80 --target-port 8080')
  await kubectl(lab, 'rollout status deployment echo --timeout 120s')
  return (await kubectl(lab, `get service echo -o jsonpath='{.spec.clusterIP}'`)).trim()
}

/** Cuts the power of all hosts and gives it back in this order; all nodes and the service have to come back by themselves, in time. */
export async function powerLost(lab: Lab, order: readonly LabHost[], service: string): Promise<void> {
  await Promise.all(lab.hosts.map((host) => powerOff(host)))
  const began = Date.now()
  for (const host of order) await powerOn(lab.name, host)
  await eventually(recovery, () => expectReadySince(lab, began))
  const ready = Date.now() - began
  await eventually(recovery - ready / 1000, () => answersEverywhere(lab, service))
  const [nodes, all] = [ready, Date.now() - began].map((time) => `${(time / 1000).toFixed(1)} s`)
  process.stderr.write(
    `power back on ${order.map(({ name }) => name).join(', ')}: nodes Ready after ${nodes}, service after ${all}\n`,
  )
}

/** A service answers a program of every host. */
export async function answersEverywhere(lab: Lab, address: string): Promise<void> {
  await Promise.all(lab.hosts.map((host) => answersIn(host, address)))
}

/** Every node is Ready by what its kubelet has said since then: the API remembers what was before. */
async function expectReadySince(lab: Lab, began: number): Promise<void> {
  const fields = `'{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].lastHeartbeatTime}{"\\n"}{end}'`
  const nodes = (await kubectl(lab, `--request-timeout 5s get nodes -o jsonpath=${fields}`)).trim().split('\n')
  expect(nodes).toHaveLength(lab.hosts.length)
  for (const node of nodes) {
    const [, ready = '', heard = ''] = node.split(' ')
    expect(ready, node).toBe('True')
    expect(Date.parse(heard), node).toBeGreaterThan(began)
  }
}

/** Hosts have neither curl nor Node; this machine's Node is enough in their network. */
async function answersIn(host: LabHost, address: string): Promise<void> {
  const pid = (await $`podman inspect --format ${'{{.State.Pid}}'} ${host.container}`).stdout.trim()
  const ask = `const { ok } = await fetch('http://${address}/hostname', { signal: AbortSignal.timeout(2000) })
process.exit(ok ? 0 : 1)`
  await $`nsenter --target ${pid} --net ${process.execPath} --input-type module --eval ${ask}`
}
