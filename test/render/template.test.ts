import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { printYaml, renderText, renderYaml, templatesDirectory } from '../../src/render/template.ts'
import { parseYaml, parseYamlDocuments } from '../../src/render/yaml.ts'

const view = {
  node: 'cp1',
  command: ['kube-scheduler', '--leader-elect=true'],
}

describe('templates', () => {
  test('an unknown template is an error that names it', () => {
    expect(() => renderText('no/such.yaml', {})).toThrow(/^template no\/such\.yaml: /)
  })

  test('a value that the view lacks is an error that names the template', () => {
    expect(() => renderText('kubelet/kubelet.service.d/10-kubeadm.conf', {})).toThrow(
      /^template kubelet\/kubelet\.service\.d\/10-kubeadm\.conf: .*environmentFile/,
    )
  })

  test('a value that is undefined is an error that names template and line', () => {
    const undefinedNode = { ...view, environmentFile: undefined }
    expect(() => renderYaml('kubelet/instance-config.yaml', { ...undefinedNode, criSocket: undefined })).toThrow(
      /^template kubelet\/instance-config\.yaml: line 1: a value is missing$/,
    )
  })

  test('a value cannot break out of its place in the document', () => {
    const criSocket = 'unix:///run/a.sock"\nother: "x: #'
    expect(renderYaml('kubelet/instance-config.yaml', { criSocket })).toEqual({ containerRuntimeEndpoint: criSocket })
  })

  test('in YAML templates every value goes through the json helper', () => {
    const root = templatesDirectory
    const ours = ['control-plane', 'etcd', 'kubelet', 'addons', 'bootstrap']
    const paths = ours.flatMap((directory) =>
      readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).map((path) => join(directory, path)),
    )
    const documents = paths.filter((path) => path.endsWith('.yaml'))
    expect(documents.length).toBeGreaterThan(5)
    for (const path of documents) {
      const text = readFileSync(join(root, path), 'utf8')
      const bare = [...text.matchAll(/\{\{(?!json |#|\/|else|!)[^}]*\}\}/g)].map((match) => match[0])
      expect(bare, path).toEqual([])
    }
  })
})

describe('YAML', () => {
  test('a key that is there twice is an error that names the source', () => {
    expect(() => parseYaml('a: 1\na: 2\n', 'x.yaml')).toThrow(/^x\.yaml: .*unique/)
  })

  test('several lines of text are printed as a block, long lines are not folded', () => {
    const long = 'word '.repeat(60).trim()
    expect(printYaml({ Corefile: '.:53 {\n    errors\n}\n', long })).toBe(
      `Corefile: |\n  .:53 {\n      errors\n  }\nlong: ${long}\n`,
    )
  })

  test('no line ends with a space', () => {
    const text = printYaml({ a: {}, b: [], c: '', d: [{ e: null, f: [[1]] }], g: { h: { i: 'x' } } })
    expect(text).not.toMatch(/[ \t]$/m)
  })

  test('texts that YAML 1.1 reads as something else are quoted, since Go reads YAML 1.1', () => {
    const tricky = ['on', 'no', 'y', '0644', '1_000', '12:30:00', '1e3', '2001-12-14', '~', 'null', '0x1f', '.5']
    for (const text of tricky) expect(printYaml({ text })).toBe(`text: "${text}"\n`)
  })

  test('the same object twice is printed twice, without an alias', () => {
    const shared = { path: '/livez' }
    expect(printYaml({ a: shared, b: shared })).toBe('a:\n  path: /livez\nb:\n  path: /livez\n')
  })

  test('documents of a file are read in their order, empty ones left out', () => {
    expect(parseYamlDocuments('---\na: 1\n---\n# nothing\n---\n---\nb: 2\n', 'x')).toEqual([{ a: 1 }, { b: 2 }])
    expect(parseYamlDocuments('', 'x')).toEqual([])
    expect(() => parseYamlDocuments('---\na: 1\n---\n- 1\n', 'x')).toThrow('x, document 2: expected a mapping')
  })
})
