import { expect, test } from 'vitest'
import { kubeletContact } from '../../src/resources/kubelet-contact.ts'
import { file } from '../../src/resources/file.ts'

const contact = kubeletContact({
  node: 'cp2',
  api: { server: 'https://10.89.5.12:6443' },
  inputs: [file('/var/lib/kubelet/config.yaml', 'kind: KubeletConfiguration\n')],
})
const listing = (ready: string) =>
  `2026-11-22T04:20:57Z\ncp1\tTrue\t2026-11-22T04:19:57Z\t\t\ncp2\t${ready}\t2026-11-22T04:20:55Z\t\t\n`

test('a kubelet whose node is Ready is in touch with the API server', () => {
  expect(contact.compare(contact.probe.parse(listing('True')))).toBeUndefined()
})

test.each([
  ['has not been registered', ''],
  ['is not Ready', listing('False')],
])('a kubelet whose node %s is started again, by what it reads', (_, output) => {
  const change = contact.compare(contact.probe.parse(output))
  expect(change).toMatchObject({ verb: 'restart', impact: 'none', actions: [{ kind: 'run' }] })
  const [action] = change?.actions ?? []
  expect(action?.kind === 'run' && action.command.text).toContain('/var/lib/kubelet/config.yaml')
})

test('that the kubelet runs is proof enough, since a node takes more than that to become Ready', () => {
  const state = (output: string) => contact.proof?.parse(output) ?? false
  expect(contact.compare(state('active\n'))).toBeUndefined()
  expect(contact.compare(state('failed\n'))).toBeDefined()
})
