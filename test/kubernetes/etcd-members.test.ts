import { expect, test } from 'vitest'
import { parseInitialCluster, parseMembers, startOf } from '../../src/kubernetes/etcd-members.ts'

test('members are read as etcdctl lists them, those that were never started, too', () => {
  const output = `8e9e05c52164694d, started, cp1, https://10.0.0.11:2380, https://10.0.0.11:2379, false
91bc3c398fb3c146, unstarted, , https://10.0.0.12:2380, , true
by https://10.0.0.11:2379
`
  expect(parseMembers(output)).toEqual([
    { id: '8e9e05c52164694d', name: 'cp1', peerURLs: ['https://10.0.0.11:2380'], learner: false },
    { id: '91bc3c398fb3c146', name: '', peerURLs: ['https://10.0.0.12:2380'], learner: true },
  ])
})

test('no answer is not an empty list', () => {
  expect(parseMembers('')).toBeUndefined()
})

test('what a member was started with is read from its command', () => {
  const initialCluster = [
    { name: 'cp1', peerURL: 'https://[fd00::11]:2380' },
    { name: 'cp2', peerURL: 'https://[fd00::12]:2380' },
  ]
  const text = 'cp1=https://[fd00::11]:2380,cp2=https://[fd00::12]:2380'
  expect(parseInitialCluster(`${text}\n`)).toEqual(initialCluster)
  const command = ['etcd', `--initial-cluster=${text}`, '--initial-cluster-state=existing']
  expect(startOf(command)).toEqual({ initialCluster, initialClusterState: 'existing' })
  expect(startOf(['etcd'])).toEqual({ initialCluster: [], initialClusterState: 'new' })
})
