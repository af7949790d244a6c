import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { defaultKubernetesVersion } from '../../src/cli/verbs/init.ts'
import { supportedMinors } from '../../src/inventory/supported.ts'
import { call, demoInventory, workplace } from './support.ts'

describe('the command line', () => {
  test('without arguments it shows how it is used', async () => {
    const { code, stdout } = await call({ argv: [] })
    expect(code).toBe(0)
    const oneLine = stdout.text.replaceAll(/\s+/g, ' ')
    for (const { name, summary, parent } of commands) {
      const shown = parent ?? { name, summary }
      expect(oneLine).toMatch(new RegExp(` ${shown.name} .*${shown.summary}`))
    }
    expect(stdout.text).toContain('Exit codes:')
  })

  const names = commands.map(({ name, parent }) => (parent === undefined ? name : `${parent.name} ${name}`))
  test.each(names)('%s --help has a description and examples', async (name) => {
    const { code, stdout } = await call({ argv: [...name.split(' '), '--help'] })
    expect(code).toBe(0)
    expect(stdout.text).toContain(`Usage: kubewright ${name}`)
    expect(stdout.text).toContain('Examples:')
    expect(stdout.text).toContain('--inventory')
  })

  test('an unknown command is wrong usage, and the nearest one is named', async () => {
    const { code, stderr } = await call({ argv: ['aply'] })
    expect(code).toBe(3)
    expect(stderr.text).toContain('Did you mean apply?')
  })

  test.each([
    ['plan', '--hlp'],
    ['validate', 'inventory.yaml'],
    ['plan', '--output', 'xml'],
    ['plan', '--out'],
  ])('wrong usage is exit code 3: %s %s', async (...argv) => {
    expect((await call({ argv })).code).toBe(3)
  })

  test('global flags may stand before and after the command', async () => {
    const cwd = await workplace()
    expect((await call({ argv: ['--output', 'json', 'validate'], cwd })).stdout.text).toContain('"valid":true')
    expect((await call({ argv: ['validate', '--output', 'json'], cwd })).stdout.text).toContain('"valid":true')
  })

  test('a reader who goes away is no error', async () => {
    const cwd = await workplace()
    const listeners: ((error: NodeJS.ErrnoException) => void)[] = []
    let written = 0
    const stdout = {
      write: () => {
        written += 1
        for (const listener of listeners) listener(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      },
      on: (_event: 'error', listener: (error: NodeJS.ErrnoException) => void) => listeners.push(listener),
    }
    expect((await call({ argv: ['validate'], cwd, stdout })).code).toBe(0)
    expect(written).toBe(1)
  })
})

describe('validate', () => {
  test('a valid inventory is told in one line', async () => {
    const { code, stdout } = await call({ argv: ['validate'], cwd: await workplace() })
    expect(code).toBe(0)
    expect(stdout.text).toBe('inventory.yaml is valid: cluster demo, Kubernetes 1.37.1, 1 control plane, 1 worker\n')
  })

  test('every problem has file, line and column, and the exit code is 4', async () => {
    const cwd = await workplace(demoInventory.replace("'1.37.1'", '1.30').replace('[worker]', '[wrker]'))
    const { code, stderr } = await call({ argv: ['validate'], cwd })
    expect(code).toBe(4)
    expect(stderr.text).toMatch(/inventory\.yaml:8:22 spec\.kubernetesVersion: .*\(KW10\d\d\)\n/)
    expect(stderr.lines.at(-1)).toBe('inventory.yaml has 2 problems.')
  })

  test('with --output json problems are documents', async () => {
    const cwd = await workplace(demoInventory.replace("'1.37.1'", '1.30'))
    const { code, stdout } = await call({ argv: ['validate', '-o', 'json'], cwd })
    expect(code).toBe(4)
    const { error } = JSON.parse(stdout.text) as { error: object }
    expect(error).toMatchObject({ exit: 'inventory', line: 8, column: 22, path: 'spec.kubernetesVersion' })
  })

  test('without an inventory it says how to make one', async () => {
    const { code, stderr } = await call({ argv: ['validate'], cwd: await workplace('') })
    expect(code).toBe(4)
    expect(stderr.text).toContain('kubewright init')
  })
})

describe('init', () => {
  test('flags make an inventory that is valid', async () => {
    const cwd = await workplace('')
    const argv = [
      'init',
      '--name',
      'demo',
      '--control-plane',
      'cp1=192.0.2.11',
      '--worker',
      'w1=192.0.2.21,w2=192.0.2.22',
      '--user',
      'admin',
    ]
    const { code, stdout } = await call({ argv, cwd })
    expect(code).toBe(0)
    expect(stdout.text).toContain('kubewright apply')
    const validated = await call({ argv: ['validate'], cwd })
    expect(validated.stdout.text).toContain('cluster demo, Kubernetes 1.37.1, 1 control plane, 2 workers')
    expect(await readFile(join(cwd, 'inventory.yaml'), 'utf8')).toContain('user: admin')
  })

  test('on a terminal it asks, and asks again for what is no host', async () => {
    const cwd = await workplace('')
    const typed = ['prod', '', 'cp1=', 'cp1=192.0.2.11', 'w1=192.0.2.21', '', 'admin']
    const { code, stderr } = await call({ argv: ['init'], cwd, typed })
    expect(code).toBe(0)
    expect(stderr.text).toContain(`Kubernetes version [${defaultKubernetesVersion}]: `)
    expect(stderr.text).toContain('"cp1=" is not a host')
    const inventory = await readFile(join(cwd, 'inventory.yaml'), 'utf8')
    expect(inventory).toContain('name: prod')
    expect(inventory).toMatch(/name: w1\n\s+address: 192\.0\.2\.21/)
  })

  test('when the answers end, nothing is written', async () => {
    const cwd = await workplace('')
    const { code } = await call({ argv: ['init'], cwd, typed: ['prod'] })
    expect(code).toBe(3)
    await expect(stat(join(cwd, 'inventory.yaml'))).rejects.toThrow('ENOENT')
  })

  test('without a terminal it wants a control plane by flag', async () => {
    const { code, stderr } = await call({ argv: ['init'], cwd: await workplace('') })
    expect(code).toBe(3)
    expect(stderr.text).toContain('KW5003')
  })

  test('an inventory that exists is only overwritten by --force', async () => {
    const cwd = await workplace()
    const argv = ['init', '--name', 'other', '--control-plane', 'cp1=192.0.2.11']
    const refused = await call({ argv, cwd })
    expect(refused.code).toBe(3)
    expect(refused.stderr.text).toContain('KW5002')
    expect(await readFile(join(cwd, 'inventory.yaml'), 'utf8')).toBe(demoInventory)
    expect((await call({ argv: [...argv, '--force'], cwd })).code).toBe(0)
    expect(await readFile(join(cwd, 'inventory.yaml'), 'utf8')).toContain('name: other')
  })

  test('a directory that cannot be written is no defect', async () => {
    const cwd = await workplace('')
    await writeFile(join(cwd, 'file'), '')
    const { code, stderr } = await call({ argv: ['init', '--control-plane', 'cp1=192.0.2.11'], cwd: join(cwd, 'file') })
    expect(code).toBe(3)
    expect(stderr.text).toContain('KW5005')
  })

  test('the version of new inventories is of the newest minor', () => {
    expect(defaultKubernetesVersion.startsWith(`${supportedMinors.at(-1)}.`)).toBe(true)
  })
})
