import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Secret, sh } from '../../src/transport/command.ts'
import { resolveTarget, type SshSpec, type SshSurroundings } from '../../src/transport/ssh-config.ts'
import type { SshTarget } from '../../src/transport/target.ts'
import { testKey } from '../support/sshd.ts'
import { connect, failureOf, keyFiles, sshd, temporaryDirectory } from './connecting.ts'

interface Home extends SshSurroundings {
  resolve(spec: Partial<SshSpec> & { address: string }): Promise<SshTarget>
}

const askPassphrase = async (): Promise<Secret> => new Secret('hunter2')

/** A home directory with an ssh_config and other files in `.ssh`. */
async function home(config = '', files: Readonly<Record<string, string>> = {}, env = {}): Promise<Home> {
  const directory = await temporaryDirectory()
  await mkdir(join(directory, '.ssh', 'conf.d'), { recursive: true })
  for (const [name, text] of Object.entries({ config, ...files })) await writeFile(join(directory, '.ssh', name), text)
  const surroundings = { env, home: directory, username: 'me' }
  return { ...surroundings, resolve: async (spec) => resolveTarget({ host: 'cp1', ...spec }, surroundings) }
}

const inSsh = (home: Home, ...names: string[]): string[] => names.map((name) => join(home.home, '.ssh', name))

test('without a configuration OpenSSH’s defaults hold', async () => {
  const me = await home('', { id_rsa: '', id_ed25519: '', other: '' }, { SSH_AUTH_SOCK: '/run/agent' })
  expect(await me.resolve({ address: '10.0.0.1' })).toEqual({
    host: 'cp1',
    address: '10.0.0.1',
    port: 22,
    user: 'me',
    identityFiles: inSsh(me, 'id_ed25519', 'id_rsa'),
    identitiesOnly: false,
    agent: '/run/agent',
    knownHostsFiles: [...inSsh(me, 'known_hosts', 'known_hosts2'), '/etc/ssh/ssh_known_hosts'],
    connectTimeout: 20_000,
  })
})

test('a person without ~/.ssh has no keys and no agent', async () => {
  const surroundings = { env: {}, home: await temporaryDirectory(), username: 'me' }
  const target = await resolveTarget({ host: 'cp1', address: 'cp1' }, surroundings)
  expect(target).toMatchObject({ identityFiles: [], agent: undefined })
})

const vagrant = `
# made by vagrant ssh-config
Host cp1
  HostName 127.0.0.1
  User vagrant
  Port 2222
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no
  IdentityFile "/home/me/my cluster/private_key"
  IdentitiesOnly yes
  LogLevel FATAL
`

test('an alias as Vagrant makes it gives address, port, user and key, but keys are checked all the same', async () => {
  const me = await home(vagrant)
  expect(await me.resolve({ address: 'cp1' })).toMatchObject({
    address: '127.0.0.1',
    port: 2222,
    user: 'vagrant',
    identityFiles: ['/home/me/my cluster/private_key'],
    identitiesOnly: true,
    knownHostsFiles: [...inSsh(me, 'known_hosts', 'known_hosts2'), '/etc/ssh/ssh_known_hosts'],
  })
  expect(await me.resolve({ address: 'cp2' })).toMatchObject({ address: 'cp2', port: 22, user: 'me' })
})

test('what the inventory says wins', async () => {
  const me = await home(vagrant)
  const hostKey = 'SHA256:abc'
  const spec = { address: 'cp1', port: 22, user: 'root', identityFile: '~/key', knownHostsFile: './known', hostKey }
  const { agent: _agent, ...target } = await me.resolve(spec)
  expect(target).toMatchObject({
    address: '127.0.0.1',
    port: 22,
    user: 'root',
    identityFiles: [join(me.home, 'key')],
    knownHostsFiles: ['./known', '/etc/ssh/ssh_known_hosts'],
    hostKey,
  })
})

test('the first value holds, patterns and exclusions apply, names are read in any case', async () => {
  const me = await home(`
host *.example.com !db.example.com
  USER first
  IdentityFile ~/.ssh/one
Host *
  User second
  identityfile %d/.ssh/%r-%h-%u
  ConnectTimeout 5
`)
  expect(await me.resolve({ address: 'cp1.example.com' })).toMatchObject({
    user: 'first',
    identityFiles: [...inSsh(me, 'one'), join(me.home, '.ssh', 'first-cp1.example.com-me')],
    connectTimeout: 5000,
  })
  expect(await me.resolve({ address: 'db.example.com' })).toMatchObject({ user: 'second' })
})

test('HostName and paths may hold tokens', async () => {
  const me = await home('Host cp?\n  HostName %h.example.com\n  UserKnownHostsFile ~/a ${DIR}/b%%', {}, { DIR: '/d' })
  expect(await me.resolve({ address: 'cp1' })).toMatchObject({
    address: 'cp1.example.com',
    knownHostsFiles: [join(me.home, 'a'), '/d/b%', '/etc/ssh/ssh_known_hosts'],
  })
})

test.each([
  ['none', undefined],
  ['SSH_AUTH_SOCK', '/run/agent'],
  ['$OTHER', '/run/other'],
  ['${OTHER}', '/run/other'],
  ['/run/third', '/run/third'],
])('IdentityAgent %s is %s', async (value, agent) => {
  const me = await home(`IdentityAgent ${value}`, {}, { SSH_AUTH_SOCK: '/run/agent', OTHER: '/run/other' })
  expect((await me.resolve({ address: 'cp1' })).agent).toBe(agent)
})

test('files that are included count where they are included', async () => {
  const me = await home('Include conf.d/*.conf missing\nHost cp1\n  User late\n  Port 2222', {
    'conf.d/b.conf': 'Host cp1\n  User second',
    'conf.d/a.conf': 'Host cp1\n  User first\nHost other\n  Port 1',
    'conf.d/c.txt': 'Host cp1\n  User never',
  })
  expect(await me.resolve({ address: 'cp1' })).toMatchObject({ user: 'first', port: 2222 })
})

test('a file that includes itself, or is no ssh_config, is an error and not a crash', async () => {
  expect((await failureOf((await home('Include config')).resolve({ address: 'x' }))).message).toContain(
    'includes itself',
  )
  expect((await failureOf((await home('Host "x')).resolve({ address: 'x' }))).message).toContain(
    'config can not be read',
  )
})

test('ProxyJump leads over hosts that are aliases themselves', async () => {
  const me = await home(`
Host cp1
  ProxyJump outer,admin@inner:2200
Host outer
  HostName outer.example.com
  User jump
Host inner
  HostName fd00::1
  IdentityFile /k
`)
  const { bastion } = await me.resolve({ address: 'cp1' })
  expect(bastion).toMatchObject({ host: 'cp1', address: 'fd00::1', port: 2200, user: 'admin', identityFiles: ['/k'] })
  expect(bastion?.bastion).toMatchObject({ address: 'outer.example.com', port: 22, user: 'jump' })
  expect(bastion?.bastion?.bastion).toBeUndefined()
})

test.each([
  ['jump', 'jump', 22, 'me'],
  ['a@jump', 'jump', 22, 'a'],
  ['a@b.c@jump:23', 'jump', 23, 'a@b.c'],
  ['[fd00::2]:23', 'fd00::2', 23, 'me'],
  ['fd00::2', 'fd00::2', 22, 'me'],
  ['ssh://a@jump:23', 'jump', 23, 'a'],
])('the hop %s is understood', async (hop, address, port, user) => {
  const me = await home(`Host cp1\n  ProxyJump ${hop}`)
  expect((await me.resolve({ address: 'cp1' })).bastion).toMatchObject({ address, port, user })
})

test('the bastion of the inventory wins, and ProxyJump none is none', async () => {
  const me = await home('Host cp1\n  ProxyJump elsewhere\nHost b\n  Port 2222\nHost cp2\n  ProxyJump none')
  const { bastion } = await me.resolve({ address: 'cp1', bastion: { address: 'b', user: 'jump' } })
  expect(bastion).toMatchObject({ address: 'b', port: 2222, user: 'jump' })
  expect((await me.resolve({ address: 'cp2' })).bastion).toBeUndefined()
})

test('what can not be followed is said', async () => {
  const circle = await home('Host *\n  ProxyJump jump')
  expect((await failureOf(circle.resolve({ address: 'cp1' }))).message).toContain('in a circle')
  const command = await home('Host cp1\n  ProxyCommand nc %h %p')
  expect((await failureOf(command.resolve({ address: 'cp1' }))).hint).toContain('ProxyJump')
})

test('an alias leads to a host, through a bastion, with a key that has a passphrase', async () => {
  const key = testKey('hunter2')
  const [bastion, server] = [await sshd({ authorized: [key] }), await sshd({ authorized: [key] })]
  const [file] = await keyFiles(key)
  const known = [bastion, server].map(
    ({ port, hostKey }) => `[127.0.0.1]:${port} ssh-ed25519 ${hostKey.toString('base64')}`,
  )
  const me = await home(
    `Host cp1\n  HostName 127.0.0.1\n  Port ${server.port}\n  ProxyJump jump\nHost jump\n  HostName 127.0.0.1\n  Port ${bastion.port}\nHost *\n  IdentityFile ${file}`,
    { known_hosts: known.join('\n') },
  )
  const transport = await connect(await resolveTarget({ host: 'cp1', address: 'cp1' }, { ...me, askPassphrase }))
  expect((await transport.exec(sh`echo hello`)).stdout.toString()).toBe('hello\n')
  expect(bastion.connections).toBeGreaterThan(0)
})
