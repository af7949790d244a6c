import { expect, test } from 'vitest'
import type { Document } from 'yaml'
import { exitCodes } from '../../../src/engine/errors.ts'
import type { LabHost } from '../../lab/index.ts'
import { differences, fileSystem, livingParts, type Snapshot } from '../file-system.ts'
import { podsHaveGone } from '../pods.ts'
import { elsewhere, kubewright } from '../support.ts'
import { shared } from './shared.ts'

const refused: readonly [string, string, (inventory: Document) => void][] = [
  [
    'another version',
    'KubernetesVersion [cp1] the living cluster has the Kubernetes version 1.37.1, the inventory says 1.36.4; ',
    (inventory) => inventory.setIn(['spec', 'kubernetesVersion'], '1.36.4'),
  ],
  [
    'another pod subnet',
    'PodSubnet [cp1] the living cluster has the pod subnet 10.244.0.0/16, the inventory says 10.200.0.0/16; ',
    (inventory) => inventory.setIn(['spec', 'networking'], { podSubnets: ['10.200.0.0/16'] }),
  ],
  [
    'another service subnet',
    'ServiceSubnet [cp1] the living cluster has the service subnet 10.96.0.0/12, the inventory says 10.97.0.0/16; ',
    (inventory) => inventory.setIn(['spec', 'networking'], { serviceSubnets: ['10.97.0.0/16'] }),
  ],
]

/** What cannot be changed once the cluster lives is refused by one error, whatever is ignored, and nothing is done. */
export function livingClusterIsNotTurnedOver(): void {
  test.each(refused)('%s is refused on the living cluster', async (_title, error, change) => {
    const { lab } = shared
    await podsHaveGone(lab)
    const before = await Promise.all(lab.hosts.map(look))
    await using there = await elsewhere(lab, change)
    const check = error.split(' ')[0] ?? ''
    const args = ['apply', '--yes', '--ignore', check, '--inventory', there.inventoryPath]
    const { code, stderr } = await kubewright(args)
    expect(stderr.split('\n').filter((line) => line.startsWith('error'))).toEqual([
      expect.stringContaining(`error ${error}`) as string,
    ])
    expect(stderr).toMatch(/What to do: Set the .* in the inventory back to /)
    expect(code).toBe(exitCodes.preflight)
    for (const [index, host] of lab.hosts.entries())
      expect(differences(before[index] ?? [], await look(host))).toEqual([])
  })
}

function look(host: LabHost): Promise<Snapshot> {
  return fileSystem(host, livingParts)
}
