import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Services } from '../../src/cli/services.ts'
import { scanHostKey } from '../../src/transport/scan-host-key.ts'
import { fingerprint } from '../../src/transport/known-hosts.ts'
import { type Sshd, startSshd, testKey } from '../support/sshd.ts'
import { call, type Outcome, workplace } from './support.ts'

interface Scene {
  readonly cwd: string
  readonly sshd: Sshd
  readonly trust: (argv: readonly string[], typed?: readonly string[]) => Promise<Outcome>
  readonly knownHosts: () => Promise<string>
}

async function scene(options: { known?: string; more?: string; port?: number } = {}): Promise<Scene> {
  const sshd = await startSshd()
  onTestFinished(async () => sshd.close())
  const cwd = await workplace(`apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: demo }
spec:
  kubernetesVersion: '1.37.1'
  ssh: { knownHostsFile: ./known_hosts }
  hosts:
    - name: cp1
      address: 127.0.0.1
      ssh: { port: ${options.port ?? sshd.port}${options.more ?? ''} }
      nodeIP: 192.0.2.11
      roles: [control-plane, worker]
`)
  if (options.known !== undefined)
    await writeFile(join(cwd, 'known_hosts'), `[127.0.0.1]:${sshd.port} ${options.known}\n`)
  const services: Partial<Services> = {
    scanHostKey,
    surroundings: async () => ({ env: {}, home: cwd, username: 'tester', configFile: join(cwd, 'no-such-config') }),
  }
  return {
    cwd,
    sshd,
    trust: async (argv, typed) =>
      call({ argv: ['trust', ...argv], cwd, services, ...(typed === undefined ? {} : { typed }) }),
    knownHosts: async () => readFile(join(cwd, 'known_hosts'), 'utf8').catch(() => ''),
  }
}

test('a new key is shown, and added after a yes to the file that the inventory names', async () => {
  const { cwd, sshd, trust, knownHosts } = await scene()
  const { code, stdout } = await trust([], ['yes'])
  expect(code).toBe(0)
  expect(stdout.lines).toEqual([
    `cp1   [127.0.0.1]:${sshd.port}   ssh-ed25519   ${fingerprint(sshd.hostKey)}`,
    `1 key added to ${join(cwd, 'known_hosts')}.`,
  ])
  expect(await knownHosts()).toBe(`[127.0.0.1]:${sshd.port} ssh-ed25519 ${sshd.hostKey.toString('base64')}\n`)
})

test('after a no nothing is added', async () => {
  const { trust, knownHosts } = await scene()
  expect((await trust([], ['no'])).code).toBe(10)
  expect(await knownHosts()).toBe('')
})

test('without a terminal it wants --yes', async () => {
  const { trust, knownHosts } = await scene()
  expect((await trust([])).code).toBe(3)
  expect(await knownHosts()).toBe('')
  expect((await trust(['--yes'])).code).toBe(0)
  expect(await knownHosts()).toContain('ssh-ed25519')
})

test('a second time there is nothing to do', async () => {
  const { trust } = await scene()
  await trust(['--yes'])
  const { code, stdout } = await trust([])
  expect(code).toBe(0)
  expect(stdout.text).toBe('1 key known already or pinned in the inventory.\n')
})

test('a changed key is refused with both fingerprints', async () => {
  const old = testKey()
  const { sshd, trust, knownHosts } = await scene({ known: old.public })
  const { code, stderr } = await trust(['--yes'])
  expect(code).toBe(5)
  expect(stderr.text).toContain('KW2003')
  expect(stderr.text).toContain(fingerprint(old.blob))
  expect(stderr.text).toContain(fingerprint(sshd.hostKey))
  expect(await knownHosts()).not.toContain(sshd.hostKey.toString('base64'))
})

test('a host that is to take the place of another one is known before the inventory has it, and is reached as that one is', async () => {
  const { sshd, trust, knownHosts } = await scene({ more: `, hostKey: 'SHA256:${'A'.repeat(43)}'` })
  const { code, stdout } = await trust(['cp1', '--with', 'cp4=localhost', '--yes'])
  expect(code).toBe(0)
  expect(stdout.lines[0]).toBe(`cp4   [localhost]:${sshd.port}   ssh-ed25519   ${fingerprint(sshd.hostKey)}`)
  expect(await knownHosts()).toContain(sshd.hostKey.toString('base64'))
})

test('whose place a new host is to take has to be said', async () => {
  const { trust } = await scene()
  const { code, stderr } = await trust(['--with', 'cp4=127.0.0.1'])
  expect(code).toBe(3)
  expect(stderr.text).toContain('KW5026')
  expect(stderr.text).toContain('kubewright trust NAME --with cp4=127.0.0.1')
})

test('the words after the command are the hosts that are meant', async () => {
  const { trust, sshd } = await scene()
  expect((await trust(['cp2', '--yes'])).stderr.text).toContain('KW5004')
  expect(sshd.connections).toBe(0)
  expect((await trust(['cp1', '--yes'])).code).toBe(0)
})

test('a pinned key is not asked for', async () => {
  const { trust, sshd } = await scene({ more: `, hostKey: 'SHA256:${'A'.repeat(43)}'` })
  const { code, stdout } = await trust(['-o', 'json'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout.text)).toMatchObject({ hosts: [{ host: 'cp1', state: 'pinned' }] })
  expect(sshd.connections).toBe(0)
})

test('a host that does not answer is an error', async () => {
  const { trust } = await scene({ port: 1 })
  const { code, stderr } = await trust(['--yes'])
  expect(code).toBe(5)
  expect(stderr.text).toContain('KW2001 [cp1]')
})

test('a bastion is trusted before what is behind it can be seen', async () => {
  const key = testKey()
  const bastion = await startSshd({ authorized: [key] })
  onTestFinished(async () => bastion.close())
  const behind = `, bastion: { address: 127.0.0.1, port: ${bastion.port} }, identityFile: ./id`
  const { cwd, sshd, trust, knownHosts } = await scene({ more: behind })
  await writeFile(join(cwd, 'id'), key.private, { mode: 0o600 })
  const { code, stdout } = await trust([], ['yes', 'yes'])
  expect(code).toBe(0)
  expect(stdout.lines.map((line) => line.split('   ')[0])).toEqual([
    'bastion 127.0.0.1',
    'cp1',
    `2 keys added to ${join(cwd, 'known_hosts')}.`,
  ])
  expect(await knownHosts()).toContain(sshd.hostKey.toString('base64'))
})

test('with --output json the keys are a document', async () => {
  const { sshd, trust } = await scene()
  const { stdout } = await trust(['--yes', '-o', 'json'])
  expect(JSON.parse(stdout.text)).toEqual({
    formatVersion: 1,
    hosts: [
      {
        host: 'cp1',
        address: `[127.0.0.1]:${sshd.port}`,
        state: 'added',
        type: 'ssh-ed25519',
        fingerprint: fingerprint(sshd.hostKey),
      },
    ],
  })
})
