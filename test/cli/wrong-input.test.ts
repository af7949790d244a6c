import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { prepare } from '../../src/cli/operate.ts'
import { call, workplace } from './support.ts'

const head = `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: demo }
spec:
  kubernetesVersion: '1.37.1'
`
const cp1 = '    - { name: cp1, address: 192.0.2.11, roles: [control-plane] }\n'

const cases = [
  {
    title: 'an unknown key',
    text: `${head}  colour: blue\n  hosts:\n${cp1}`,
    printed: [],
  },
  {
    title: 'a version without quotes',
    text: `${head.replace("'1.37.1'", '1.30')}  hosts:\n${cp1}`,
    printed: [],
  },
  {
    title: 'a version that is not supported',
    text: `${head.replace('1.37.1', '1.30.2')}  hosts:\n${cp1}`,
    printed: [],
  },
  {
    title: 'a host that is there twice',
    text: `${head}  hosts:\n${cp1}    - { name: cp1, address: 192.0.2.12 }\n`,
    printed: [],
  },
  {
    title: 'two hosts with one address',
    text: `${head}  hosts:\n${cp1}    - { name: w1, address: 192.0.2.11 }\n`,
    printed: [],
  },
  {
    title: 'subnets that overlap',
    text: `${head}  networking: { serviceSubnets: [10.244.128.0/20] }\n  hosts:\n${cp1}`,
    printed: [],
  },
  {
    title: 'tabs',
    text: `${head}  hosts:\n\t- name: cp1\n\t  address: 192.0.2.11\n`,
    printed: [],
  },
  {
    title: 'a file that is missing',
    text: `${head}  apiServer: { files: [{ source: audit.yaml, path: /etc/kubernetes/audit.yaml }] }\n  hosts:\n${cp1}`,
    printed: [],
  },
]

describe('an inventory with', () => {
  test.each(cases)('$title gives one error with its place, its code and what to do', async ({ text, printed }) => {
    const cwd = await workplace(text)
    for (const argv of [['validate'], ['plan'], ['apply', '--yes'], ['preflight']]) {
      const { code, stdout, stderr } = await call({ argv, cwd, services: { prepare } })
      expect(stderr.text.replaceAll(`${cwd}/`, '').split('\n')).toEqual(printed)
      expect([code, stdout.text]).toEqual([4, ''])
    }
    console.log(await readdir(cwd))
  })
})
