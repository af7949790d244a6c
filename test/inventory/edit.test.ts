import { describe, expect, test } from 'vitest'
import { withHostReplaced, withoutHost } from '../../src/inventory/edit.ts'

const text = `# the demo
spec:
    ssh: { user:   admin }   # two spaces too many stay
    hosts: # all of them
    # control planes
    - name: cp1 # the first
      address: 192.0.2.11
      roles: [ control-plane ]

    # the second rack
    - { name: cp2, address: "192.0.2.12", roles: [control-plane] } # flow
    - name: w1
      # it has a GPU
      labels: { gpu: "true" }
    # the end
    cni: { name: flannel }
`

describe('a host leaves the inventory', () => {
  test.each([
    ['cp1', 5, 8],
    ['cp2', 10, 11],
    ['w1', 11, 14],
  ])('%s: its lines go, and nothing else is touched', (name, from, to) => {
    const lines = text.split('\n')
    expect(withoutHost(text, name)).toBe([...lines.slice(0, from), ...lines.slice(to)].join('\n'))
  })

  test('in one line of many', () => {
    const flow = 'spec:\n  hosts: [{ name: a }, { name: b }] # two\n'
    expect(withoutHost(flow, 'a')).toBe('spec:\n  hosts: [ { name: b } ] # two\n')
  })

  test('not when others use an anchor of its entry', () => {
    const anchored = 'spec:\n  hosts:\n    - { name: a, labels: &l { x: y } }\n    - { name: b, labels: *l }\n'
    expect(() => withoutHost(anchored, 'a')).toThrowError(/cannot be edited/)
  })

  test('not one that it does not have', () => {
    expect(() => withoutHost(text, 'w9')).toThrowError(/no entry of its own/)
  })
})

describe('a host takes the place of another one', () => {
  test('with its settings, and comments stay', () => {
    const by = { name: 'cp4', address: '192.0.2.14' }
    expect(withHostReplaced(text, 'cp2', by)).toBe(
      text.replace('name: cp2, address: "192.0.2.12"', 'name: cp4, address: 192.0.2.14'),
    )
    expect(withHostReplaced(text, 'cp1', by)).toBe(text.replace('cp1', 'cp4').replace('192.0.2.11', '192.0.2.14'))
  })

  test('whose name is its address', () => {
    expect(withHostReplaced(text, 'w1', { name: 'w9', address: 'w9' })).toBe(text.replace('name: w1', 'name: w9'))
  })

  test('but without the address between nodes and the key of the old one', () => {
    const old =
      'spec:\n  hosts:\n    - name: a\n      nodeIP: 10.0.0.1 # eth1\n      ssh: { hostKey: SHA256:x, port: 22 }\n'
    expect(withHostReplaced(old, 'a', { name: 'b', address: '192.0.2.2' })).toBe(
      'spec:\n  hosts:\n    - name: b\n      ssh: { port: 22 }\n      address: 192.0.2.2\n',
    )
  })
})
