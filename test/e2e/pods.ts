import { expect } from 'vitest'
import type { Lab } from '../lab/index.ts'
import { eventually, inHost, kubectl } from './support.ts'

/**
 * Waits until hosts run the pods of the cluster and no others. The pods of the proof are deleted when apply has ended, and they go from
 * the API before their containers end and the CNI forgets them, which writes on the disks.
 */
export async function podsHaveGone(lab: Lab): Promise<void> {
  await eventually(120, async () => {
    expect(await kubectl(lab, 'get namespaces -o name')).not.toContain('kubewright-check')
    const fields = `'{range .items[*]}{.spec.nodeName} {.spec.hostNetwork}{"\\n"}{end}'`
    const pods = (await kubectl(lab, `get pods -A -o jsonpath=${fields}`)).split('\n')
    const networks = lab.hosts.map(async (host) => {
      // The last that goes is the network of a pod.
      const found = Number(await inHost(host, 'ls /run/netns | wc -l'))
      expect(found, host.name).toBe(pods.filter((pod) => pod === `${host.name} `).length)
    })
    await Promise.all(networks)
  })
}
