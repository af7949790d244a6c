import { describe, expect, test } from 'vitest'
import { applyPatches, mergePatch } from '../../src/render/patch.ts'

const json = (...operations: readonly unknown[]) => ({ type: 'json', patch: operations }) as const
const merge = (patch: unknown) => ({ type: 'merge', patch }) as const
const strategic = (patch: unknown) => ({ type: 'strategic', patch }) as const

const pod = {
  metadata: { name: 'etcd', annotations: { 'a/b': '1', 'c~d': '2' } },
  spec: {
    containers: [
      {
        name: 'etcd',
        command: ['etcd', '--name=cp1'],
        env: [{ name: 'A', value: '1' }],
        volumeMounts: [
          { name: 'data', mountPath: '/var/lib/etcd' },
          { name: 'certs', mountPath: '/etc/kubernetes/pki/etcd' },
        ],
      },
    ],
    hostNetwork: true,
  },
}

test('patches are applied in their order and leave the original as it was', () => {
  const before = structuredClone(pod)
  const result = applyPatches(pod, [
    merge({ spec: { priority: 1 } }),
    json({ op: 'replace', path: '/spec/priority', value: 2 }),
  ])
  expect(result).toMatchObject({ spec: { priority: 2, hostNetwork: true } })
  expect(pod).toEqual(before)
})

describe('merge patches (RFC 7386)', () => {
  // The cases of the RFC's appendix A.
  const cases: readonly (readonly [unknown, unknown, unknown])[] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ]
  test.each(cases)('%j with %j is %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result)
  })
})

describe('JSON patches (RFC 6902)', () => {
  test('add inserts into lists, appends with a dash and sets members', () => {
    const result = applyPatches(pod, [
      json(
        { op: 'add', path: '/spec/containers/0/command/1', value: '--debug' },
        { op: 'add', path: '/spec/containers/0/command/-', value: '--last' },
        { op: 'add', path: '/spec/dnsPolicy', value: 'Default' },
      ),
    ])
    expect(result.spec.containers[0]?.command).toEqual(['etcd', '--debug', '--name=cp1', '--last'])
    expect(result.spec).toMatchObject({ dnsPolicy: 'Default' })
  })

  test('pointers escape slashes and tildes', () => {
    const result = applyPatches(pod, [
      json({ op: 'remove', path: '/metadata/annotations/a~1b' }, { op: 'remove', path: '/metadata/annotations/c~0d' }),
    ])
    expect(result.metadata.annotations).toEqual({})
  })

  test('move and copy take the value from another place', () => {
    const result = applyPatches({ a: { x: 1 }, b: {} }, [
      json({ op: 'copy', from: '/a/x', path: '/b/y' }, { op: 'move', from: '/a/x', path: '/c' }),
    ])
    expect(result).toEqual({ a: {}, b: { y: 1 }, c: 1 })
  })

  test('test lets the others go on only if the value is the expected one', () => {
    const mark = { op: 'add', path: '/seen', value: true }
    const named = (value: string) => json({ op: 'test', path: '/metadata/name', value }, mark)
    expect(applyPatches(pod, [named('etcd')])).toMatchObject({ seen: true })
    expect(() => applyPatches(pod, [named('other')])).toThrow(
      'patches[0] (json): test /metadata/name: the value is another one',
    )
  })

  test('the empty pointer is the whole document', () => {
    expect(applyPatches(pod, [json({ op: 'replace', path: '', value: { a: 1 } })])).toEqual({ a: 1 })
    expect(() => applyPatches(pod, [json({ op: 'replace', path: '', value: 1 })])).toThrow('not a mapping')
  })

  test.each([
    [{ op: 'replace', path: '/spec/none', value: 1 }, 'patches[0] (json): /spec/none: there is no none'],
    [{ op: 'remove', path: '/spec/containers/1' }, '/spec/containers/1: 1 is no index of a list of 1'],
    [{ op: 'add', path: '/spec/containers/2', value: 1 }, '/spec/containers/2: 2 is no index of a list of 1'],
    [{ op: 'add', path: '/spec/containers/01', value: 1 }, '01 is no index'],
    [{ op: 'add', path: '/spec/none/x', value: 1 }, '/spec/none/x: there is no none'],
    [{ op: 'add', path: '/metadata/name/x', value: 1 }, '/metadata/name/x: its parent is neither a mapping nor a list'],
    [{ op: 'remove', path: 'spec' }, 'path "spec": not a JSON pointer'],
    [{ op: 'change', path: '/spec', from: '/spec' }, 'change /spec: no such operation'],
  ])('%j fails and names its path', (operation, message) => {
    expect(() => applyPatches(pod, [json(operation)])).toThrow(message)
  })
})

describe('strategic merge patches', () => {
  test('lists that Kubernetes merges are merged by their key, others replaced', () => {
    const result = applyPatches(pod, [
      strategic({
        spec: {
          containers: [
            {
              name: 'etcd',
              command: ['sleep'],
              env: [
                { name: 'A', value: '2' },
                { name: 'B', value: '3' },
              ],
              volumeMounts: [{ mountPath: '/var/lib/etcd', readOnly: false }],
            },
            { name: 'sidecar' },
          ],
        },
      }),
    ])
    expect(result.spec).toEqual({
      containers: [
        {
          name: 'etcd',
          command: ['sleep'],
          env: [
            { name: 'A', value: '2' },
            { name: 'B', value: '3' },
          ],
          volumeMounts: [
            { name: 'data', mountPath: '/var/lib/etcd', readOnly: false },
            { name: 'certs', mountPath: '/etc/kubernetes/pki/etcd' },
          ],
        },
        { name: 'sidecar' },
      ],
      hostNetwork: true,
    })
  })

  test('$patch: delete removes a member of a list or a field, null removes a field', () => {
    const result = applyPatches(pod, [
      strategic({
        metadata: { annotations: { $patch: 'delete' } },
        spec: { hostNetwork: null, containers: [{ name: 'etcd', env: [{ name: 'A', $patch: 'delete' }] }] },
      }),
    ])
    expect(result.metadata).toEqual({ name: 'etcd' })
    expect(result.spec).not.toHaveProperty('hostNetwork')
    expect(result.spec.containers[0]?.env).toEqual([])
  })

  test('$patch: replace replaces a mapping or a list', () => {
    const result = applyPatches(pod, [
      strategic({
        metadata: { annotations: { $patch: 'replace', x: 'y' } },
        spec: { containers: [{ $patch: 'replace' }, { name: 'other' }] },
      }),
    ])
    expect(result.metadata.annotations).toEqual({ x: 'y' })
    expect(result.spec.containers).toEqual([{ name: 'other' }])
  })

  test("a container's ports are merged by containerPort, a service's by port", () => {
    const container = { ports: [{ containerPort: 1, name: 'a' }] }
    const renamed = strategic({ ports: [{ containerPort: 1, name: 'b' }] })
    expect(applyPatches(container, [renamed])).toEqual({ ports: [{ containerPort: 1, name: 'b' }] })
    const another = strategic({ ports: [{ port: 2 }] })
    expect(applyPatches({ ports: [{ port: 1 }] }, [another])).toEqual({ ports: [{ port: 1 }, { port: 2 }] })
  })

  test('a member without its key and an unknown directive are errors that name their path', () => {
    expect(() =>
      applyPatches(pod, [strategic({ spec: { containers: [{ image: 'x' }] } })], 'spec.etcd.patches'),
    ).toThrow('spec.etcd.patches[0] (strategic): /spec/containers: a member of the list needs name')
    expect(() => applyPatches(pod, [strategic({ spec: { $retainKeys: ['x'] } })])).toThrow(
      'patches[0] (strategic): /spec/$retainKeys: this directive is not supported',
    )
  })
})
