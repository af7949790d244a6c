import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { currentEntry, mergeKubeconfig } from '../../src/cli/kubeconfig-merge.ts'
import { KubewrightError } from '../../src/engine/errors.ts'
import type { Services } from '../../src/cli/services.ts'
import { renderKubeconfig } from '../../src/pki/kubeconfig.ts'
import { Secret } from '../../src/transport/command.ts'
import { sandboxHost } from '../support/sandbox-host.ts'
import { call, workplace } from './support.ts'

const admin = renderKubeconfig({
  server: 'https://192.0.2.11:6443',
  caPem: 'CA\n',
  user: 'kubernetes-admin',
  certificatePem: 'CERTIFICATE\n',
  key: new Secret('hunter2\n'),
}).reveal()

const mine = `# my clusters
apiVersion: v1
kind: Config
current-context: work
clusters:
  - name: work # do not touch
    cluster: { server: 'https://work:6443' }
contexts:
  - name: work
    context: { cluster: work, user: me }
users:
  - name: me
    user: { token: abc }
preferences: {}
`

function merged(existing: string | undefined, name = 'demo'): string {
  const entry = currentEntry(admin)
  if (entry === undefined) throw new Error('admin.conf has no entry')
  return mergeKubeconfig(existing, entry, name)
}

describe('merging', () => {
  test('into nothing makes a kubeconfig whose current context is the cluster', () => {
    expect(parse(merged(undefined))).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        { name: 'demo', cluster: { server: 'https://192.0.2.11:6443', 'certificate-authority-data': 'Q0EK' } },
      ],
      contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'demo-admin' } }],
      users: [
        {
          name: 'demo-admin',
          user: { 'client-certificate-data': 'Q0VSVElGSUNBVEUK', 'client-key-data': 'aHVudGVyMgo=' },
        },
      ],
      'current-context': 'demo',
    })
  })

  test('keeps what is there: entries, comments and the current context', () => {
    const text = merged(mine)
    expect(text).toContain('# my clusters')
    expect(text).toContain('name: work # do not touch')
    const result = parse(text) as { clusters: unknown[]; users: unknown[] }
    expect(result).toMatchObject({ 'current-context': 'work', preferences: {} })
    expect(result.clusters).toHaveLength(2)
    expect(result.users).toHaveLength(2)
  })

  test('replaces the entries of the same cluster', () => {
    const once = merged(mine)
    expect(merged(once)).toBe(once)
    const renewed = merged(once.replace('192.0.2.11', '192.0.2.99'))
    expect(renewed).toBe(once)
  })

  test('fills the empty lists that kubectl leaves', () => {
    const text = merged(
      'apiVersion: v1\nclusters: null\ncontexts: []\ncurrent-context: ""\nkind: Config\nusers: null\n',
    )
    expect(parse(text)).toMatchObject({ 'current-context': 'demo', contexts: [{ name: 'demo' }] })
    expect(text).toContain('contexts:\n- ')
  })

  test('keeps JSON readable by a reader of JSON', () => {
    const text = merged(JSON.stringify(parse(mine)))
    expect(parse(text)).toMatchObject({ contexts: [{ name: 'work' }, { name: 'demo' }] })
  })

  test('quotes a name that YAML 1.1 takes for something else', () => {
    expect(merged(undefined, 'no')).toContain('current-context: "no"')
  })

  test.each(['[1, 2]', 'a: [', 'clusters: 5'])('refuses what is no kubeconfig: %s', (text) => {
    expect(() => merged(text)).toThrow('not a kubeconfig')
  })
})

describe('the verb', () => {
  test('writes a file for its owner alone', async () => {
    const cwd = await workplace()
    const { code, stdout } = await call({ argv: ['kubeconfig'], cwd, services: withCluster(admin) })
    expect(code).toBe(0)
    expect(stdout.text).toBe('Wrote demo.kubeconfig. Use it: kubectl --kubeconfig demo.kubeconfig get nodes\n')
    expect(await readFile(join(cwd, 'demo.kubeconfig'), 'utf8')).toBe(admin)
    expect((await stat(join(cwd, 'demo.kubeconfig'))).mode & 0o777).toBe(0o600)
  })

  test('--out - prints it and nothing else', async () => {
    const cwd = await workplace()
    const { stdout } = await call({ argv: ['kubeconfig', '--out', '-'], cwd, services: withCluster(admin) })
    expect(stdout.text).toBe(admin)
  })

  test('--merge keeps a copy of what was there, and leaves none when nothing changes', async () => {
    const cwd = await workplace()
    await writeFile(join(cwd, 'config'), mine)
    const argv = ['kubeconfig', '--merge', '--out', 'config']
    const { code, stdout } = await call({ argv, cwd, services: withCluster(admin) })
    expect(code).toBe(0)
    expect(stdout.text).toContain('kubectl --context demo get nodes')
    const [copy = ''] = (await readdir(cwd)).filter((name) => name.endsWith('.bak'))
    expect(await readFile(join(cwd, copy), 'utf8')).toBe(mine)
    expect(await readFile(join(cwd, 'config'), 'utf8')).toContain('demo-admin')
    expect((await stat(join(cwd, 'config'))).mode & 0o777).toBe(0o600)
    await call({ argv, cwd, services: withCluster(admin) })
    expect((await readdir(cwd)).filter((name) => name.endsWith('.bak'))).toHaveLength(1)
  })

  test('--merge goes where kubectl would write', async () => {
    const cwd = await workplace()
    await call({ argv: ['kubeconfig', '--merge'], cwd, services: withCluster(admin) })
    expect(await readFile(join(cwd, '.kube', 'config'), 'utf8')).toContain('demo-admin')
    const env = { KUBECONFIG: `${join(cwd, 'first')}:${join(cwd, 'second')}` }
    await call({ argv: ['kubeconfig', '--merge'], cwd, env, services: withCluster(admin) })
    expect(await readFile(join(cwd, 'first'), 'utf8')).toContain('demo-admin')
  })

  test('a host without a cluster is told so', async () => {
    const { code, stderr } = await call({
      argv: ['kubeconfig'],
      cwd: await workplace(),
      services: withCluster(undefined),
    })
    expect(code).toBe(10)
    expect(stderr.text).toContain('There is no /etc/kubernetes/admin.conf on cp1')
  })

  test('no control plane that answers is a failed connection', async () => {
    const error = new KubewrightError({ code: 'KW2001', exit: 'connection', message: 'cp1 does not answer', hint: '' })
    const services = { connectHosts: async () => ({ transports: new Map(), errors: [error] }) }
    const { code, stderr } = await call({ argv: ['kubeconfig'], cwd: await workplace(), services })
    expect(code).toBe(5)
    expect(stderr.text).toContain('KW2001')
  })
})

function withCluster(adminConf: string | undefined): Partial<Services> {
  const host = sandboxHost({ name: 'cp1' })
  if (adminConf !== undefined) host.write('/etc/kubernetes/admin.conf', adminConf, 0o600)
  return { connectHosts: async () => ({ transports: new Map([['cp1', host.transport]]), errors: [] }) }
}
