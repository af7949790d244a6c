import { expect, test } from 'vitest'
import { selectHosts } from '../../src/playbook/agenda.ts'
import { clusterOf, hostOf, workerOf } from '../support/facts.ts'

const cluster = clusterOf({
  hosts: [hostOf({ name: 'cp1' }), hostOf({ name: 'cp2' }), workerOf('w1', '10.89.5.21'), workerOf('w2', '10.89.5.22')],
})

test('a selector names hosts by their roles and by the part that they have in the run', () => {
  const parts = { leading: 'cp2', joining: ['w2'], leaving: undefined }
  const names = (selector: Parameters<typeof selectHosts>[1]) =>
    selectHosts(cluster, selector, parts).map(({ name }) => name)
  expect(names('all')).toEqual(['cp1', 'cp2', 'w1', 'w2'])
  expect(names('first-control-plane')).toEqual(['cp2'])
  expect(names('other-control-planes')).toEqual(['cp1'])
  expect(names('other-hosts')).toEqual(['cp1', 'w1', 'w2'])
  expect(names('workers')).toEqual(['w1', 'w2'])
  expect(names('joining')).toEqual(['w2'])
  expect(names('other-workers')).toEqual(['w1'])
  expect(names('leaving')).toEqual([])
})
