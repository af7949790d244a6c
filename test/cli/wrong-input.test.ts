import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { prepare } from '../../src/cli/operate.ts'
import { call, type Outcome, workplace } from './support.ts'
import { type Sshd, type SshdOptions, startSshd, type TestKey, testKey } from '../support/sshd.ts'

/** Five lines, so that the text of a case begins in line 6. */
const head = `apiVersion: kubewright/v1alpha1
kind: Cluster
metadata: { name: demo }
spec:
  kubernetesVersion: '1.37.1'
`
const cp1 = '  hosts:\n    - { name: cp1, address: 192.0.2.11, roles: [control-plane] }\n'

const inventories = [
  {
    title: 'an unknown key',
    text: `${head}  colour: blue\n${cp1}`,
    problem: '6:3 spec.colour: unknown key "colour" (KW1010)',
    hint: /^known here: kubernetesVersion, /,
  },
  {
    title: 'a version without quotes',
    text: `${head.replace("'1.37.1'", '1.30')}${cp1}`,
    problem: '5:22 spec.kubernetesVersion: expected a string, but YAML reads 1.30 as the number 1.3 (KW1015)',
    hint: /quotes/,
  },
  {
    title: 'a version that is not supported',
    text: `${head.replace('1.37.1', '1.30.2')}${cp1}`,
    problem: '5:22 spec.kubernetesVersion: Kubernetes 1.30.2 is not supported (KW1020)',
    hint: /1\.36.*1\.37/,
  },
  {
    title: 'a host that is there twice',
    text: `${head}${cp1}    - { name: cp1, address: 192.0.2.12 }\n`,
    problem: '8:15 spec.hosts[1].name: the name cp1 is already that of spec.hosts[0] (KW1021)',
    hint: /give every host its own name/,
  },
  {
    title: 'two hosts with one address',
    text: `${head}${cp1}    - { name: w1, address: 192.0.2.11 }\n`,
    problem: '8:28 spec.hosts[1].address: the address 192.0.2.11 is already that of cp1 (KW1022)',
    hint: /two hosts differ by address or SSH port/,
  },
  {
    title: 'subnets that overlap',
    text: `${head}  networking: { serviceSubnets: [10.244.128.0/20] }\n${cp1}`,
    problem:
      '6:34 spec.networking.serviceSubnets[0]: the service subnet 10.244.128.0/20 overlaps the pod subnet 10.244.0.0/16 (KW1031)',
    hint: /addresses of their own/,
  },
  {
    title: 'tabs',
    text: `${head}  hosts:\n\t- name: cp1\n\t  address: 192.0.2.11\n`,
    problem: '7:1: a tab is used for indentation (KW1002)',
    hint: /spaces only/,
  },
  {
    title: 'a file that is missing',
    text: `${head}  apiServer: { files: [{ source: audit.yaml, path: /etc/kubernetes/audit.yaml }] }\n${cp1}`,
    problem: '6:34 spec.apiServer.files[0].source: the file audit.yaml does not exist (KW1040)',
    hint: /correct the path, or put the file there/,
  },
]

const verbs = [['validate'], ['preflight'], ['plan'], ['apply', '--yes']]

describe('an inventory with', () => {
  test.each(inventories)('$title is one problem with its place, its code and what to do', async (one) => {
    const cwd = await workplace(one.text)
    for (const argv of verbs) {
      const { code, stdout, stderr } = await call({ argv, cwd, services: { prepare } })
      const [problem, hint, ...rest] = stderr.text.replaceAll(`${cwd}/`, '').split('\n')
      expect([code, stdout.text, problem]).toEqual([4, '', `inventory.yaml:${one.problem}`])
      expect(hint?.trim()).toMatch(one.hint)
      expect(rest).toEqual(['', 'inventory.yaml has 1 problem.', ''])
    }
  })
})

test.each(verbs)('an inventory that is not there is one problem of %s, and nothing is made', async (...argv) => {
  const cwd = await workplace('')
  const { code, stderr } = await call({ argv, cwd, services: { prepare } })
  expect(code).toBe(4)
  expect(stderr.text.replaceAll(`${cwd}/`, '')).toBe(`inventory.yaml:1:1: the inventory does not exist (KW1000)
    name it by --inventory, or make one by kubewright init

inventory.yaml has 1 problem.
`)
  expect(await readdir(cwd)).toEqual([])
})

test('a bundle that is not there is one error before any host is reached', async () => {
  const cwd = await workplace(`${head}  artifacts: { source: bundle, path: ./bundle }\n${cp1}`)
  const { code, stderr } = await call({ argv: ['apply', '--yes'], cwd, services: { prepare } })
  expect(code).toBe(10)
  expect(stderr.text).toBe(`error KW4002 The artifact index ${cwd}/bundle/index.json could not be read
  What to do: spec.artifacts must name a directory (or a URL) that holds index.json and the files that it lists.
`)
})

/** The key that the inventory names, which is not that of everyone. */
const key = testKey()

/** A host of the test, and what is wrong with it. */
interface Place extends SshdOptions {
  /** The host is off. */
  readonly off?: boolean
  readonly known?: TestKey | 'none'
}

/** Applies an inventory of these hosts; each is a server of its own on 127.0.0.1. */
async function applyTo(places: Readonly<Record<string, Place>>): Promise<Outcome & { servers: readonly Sshd[] }> {
  const hosts: string[] = []
  const known: string[] = []
  const servers: Sshd[] = []
  for (const [name, { off = false, known: knownKey, ...options }] of Object.entries(places)) {
    const server = await startSshd({ authorized: [key], ...options })
    onTestFinished(async () => server.close())
    servers.push(server)
    const blob = knownKey === undefined ? server.hostKey : knownKey === 'none' ? undefined : knownKey.blob
    if (blob !== undefined) known.push(`[127.0.0.1]:${server.port} ssh-ed25519 ${blob.toString('base64')}\n`)
    const octet = 11 + hosts.length
    const port = off ? 1 : server.port
    hosts.push(
      `    - { name: ${name}, address: 127.0.0.1, nodeIP: 192.0.2.${octet}, ssh: { port: ${port} }, roles: [${name.startsWith('cp') ? 'control-plane' : 'worker'}] }\n`,
    )
  }
  const cwd = await workplace(
    `${head}  artifacts: { source: bundle, path: . }
  ssh: { user: alice, identityFile: ./id, knownHostsFile: ./known_hosts }
  hosts:\n${hosts.join('')}`,
  )
  await writeFile(join(cwd, 'id'), key.private, { mode: 0o600 })
  await writeFile(join(cwd, 'known_hosts'), known.join(''))
  await writeFile(join(cwd, 'index.json'), '{"formatVersion":1,"artifacts":[]}')
  return { ...(await call({ argv: ['apply', '--yes'], cwd, services: { prepare } })), servers }
}

const connections: readonly { title: string; place: Place; code: string; message: RegExp; hint: RegExp }[] = [
  {
    title: 'cannot be reached',
    place: { off: true },
    code: 'KW2001',
    message: /alice@127\.0\.0\.1:1 can not be reached: connect ECONNREFUSED/,
    hint: /Start sshd on the host, or correct the port/,
  },
  {
    title: 'is not known',
    place: { known: 'none' },
    code: 'KW2002',
    message: /the host key of .* is not known: it shows SHA256:\S+ \(ssh-ed25519\)/,
    hint: /`kubewright trust`/,
  },
  {
    title: 'shows another key than the known one',
    place: { known: testKey() },
    code: 'KW2003',
    message: /the host key of .* has changed: expected SHA256:\S+, it shows SHA256:\S+/,
    hint: /ssh-keygen -R/,
  },
  {
    title: 'refuses the key',
    place: { authorized: [testKey()] },
    code: 'KW2004',
    message: /refused the login: offered \S+\/id/,
    hint: /authorized_keys/,
  },
  {
    title: 'wants a password for sudo',
    place: { sudo: 'password' },
    code: 'KW2005',
    message: /sudo/,
    hint: /NOPASSWD/,
  },
  {
    title: 'does not let the user use sudo',
    place: { sudo: 'not-in-sudoers' },
    code: 'KW2005',
    message: /sudo/,
    hint: /NOPASSWD/,
  },
]

describe('a host that', () => {
  test.each(connections)('$title is one error with its code and what to do, and is left alone', async (one) => {
    const { code, stdout, stderr, servers } = await applyTo({ cp1: one.place })
    expect([code, stdout.text]).toEqual([5, ''])
    const [error = '', ...rest] = stderr.lines
    expect(error).toMatch(new RegExp(`^error ${one.code} \\[cp1\\] `))
    expect(error).toMatch(one.message)
    const hints = rest.filter((line) => !line.startsWith('  |'))
    expect(hints).toHaveLength(1)
    expect(hints[0]).toMatch(/^ {2}What to do: /)
    expect(hints[0]).toMatch(one.hint)
    // sudo refuses before anything of ours is run
    for (const { commands } of servers)
      for (const command of commands) expect(command).toMatch(/^env LC_ALL=C sudo -n /)
  })
})

test('what is wrong with each host is told at once, and the good host is left alone', async () => {
  const places = { cp1: {}, w1: { off: true }, w2: { known: testKey() }, w3: { sudo: 'password' } } as const
  const { code, stdout, stderr, servers } = await applyTo(places)
  expect([code, stdout.text]).toEqual([5, ''])
  const errors = stderr.lines.filter((line) => line.startsWith('error'))
  expect(errors.map((line) => line.split(' ').slice(1, 3).join(' '))).toEqual([
    'KW2001 [w1]',
    'KW2003 [w2]',
    'KW2005 [w3]',
  ])
  expect(stderr.lines.at(-1)).toBe('3 errors on 3 hosts.')
  expect(servers[0]?.commands).toHaveLength(1)
})
