import { cp, mkdir, mkdtemp, open, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Document } from 'yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { programVersions } from '../../src/artifacts/catalog.ts'
import { exitCodes } from '../../src/engine/errors.ts'
import { testKey } from '../support/sshd.ts'
import { bundleDirectory, type Lab, labDown, labUp } from '../lab/index.ts'
import { differences, fileSystem } from './file-system.ts'
import { elsewhere, hostOf, inHost, kubewright, type Outcome } from './support.ts'

const name = 'wronginput'
const foreign = '{"id":"11111111-2222-3333-4444-555555555555","name":"prod"}'

/** Something that is wrong with the inventory, a file of this machine, or a host. */
interface Case {
  readonly title: string
  /** Edits the inventory; w1 is its second host. */
  readonly inventory?: (inventory: Document, lab: Lab) => void
  /** Run on hosts before, and after to take it back. */
  readonly spoil?: Readonly<Record<string, string>>
  readonly mend?: Readonly<Record<string, string>>
  readonly exit: keyof typeof exitCodes
  /** The first line of each error. */
  readonly errors: readonly RegExp[]
  readonly hints: readonly RegExp[]
  readonly args?: readonly string[]
}

let scratch = ''

const cases: readonly Case[] = [
  {
    title: 'a host that is not there',
    inventory: (inventory, lab) =>
      inventory.setIn(['spec', 'hosts', 1, 'address'], hostOf(lab, 'w1').address.replace(/\d+$/, '250')),
    exit: 'connection',
    errors: [/^error KW2001 \[w1\] admin@[\d.]+\.250 can not be reached: /],
    hints: [/See that the host is up and that no firewall lies between/],
  },
  {
    title: "another host's key",
    inventory: (inventory) =>
      inventory.setIn(['spec', 'hosts', 1, 'ssh', 'hostKey'], inventory.getIn(['spec', 'hosts', 0, 'ssh', 'hostKey'])),
    exit: 'connection',
    errors: [
      /^error KW2003 \[w1\] the host key of w1 \([\d.]+\) has changed: expected SHA256:\S+, it shows SHA256:\S+/,
    ],
    hints: [/correct hostKey in the inventory/],
  },
  {
    title: 'a key that no host knows',
    inventory: (inventory) => inventory.setIn(['spec', 'ssh', 'identityFile'], join(scratch, 'id')),
    exit: 'connection',
    errors: [/^error KW2004 \[cp1\] .* refused the login/, /^error KW2004 \[w1\] .* refused the login/],
    hints: [/name its identityFile and the right user/, /name its identityFile and the right user/],
  },
  {
    title: 'no sudo',
    spoil: { w1: 'mv /etc/sudoers.d/lab /root/' },
    mend: { w1: 'mv /root/lab /etc/sudoers.d/' },
    exit: 'connection',
    errors: [/^error KW2005 \[w1\] /],
    hints: [/NOPASSWD/],
  },
  {
    title: 'an artifact with a wrong checksum',
    inventory: (inventory) => inventory.setIn(['spec', 'artifacts', 'path'], join(scratch, 'bundle')),
    exit: 'refused',
    errors: [
      /^error KW4003 runc \S+: \S+\/runc\.tar\.zst has a wrong checksum: index.json says [0-9a-f]{64}, it is [0-9a-f]{64}$/,
    ],
    hints: [/Get the bundle again/],
  },
  {
    title: 'a full disk',
    spoil: { w1: 'mount -t tmpfs -o size=64m tmpfs /var/lib/containerd' },
    mend: { w1: 'umount /var/lib/containerd' },
    exit: 'preflight',
    errors: [/^error DiskSpace \[w1\] the file system \/var\/lib\/containerd has 64 MiB free of 64 MiB/],
    hints: [/Free some space/],
  },
  {
    title: 'port 6443 taken',
    spoil: { cp1: 'systemd-run --quiet --unit squatter --socket-property=ListenStream=6443 sleep 600' },
    mend: { cp1: 'systemctl stop squatter.socket' },
    exit: 'preflight',
    errors: [/^error Port-6443 \[cp1\] port 6443, which the API server needs, is taken by /],
    hints: [/ss -ltnp/],
  },
  {
    title: "another cluster's host",
    spoil: { w1: `mkdir -m 700 /var/lib/kubewright && echo '${foreign}' >/var/lib/kubewright/cluster.json` },
    mend: { w1: 'rm -r /var/lib/kubewright' },
    args: ['--ignore', 'ForeignCluster'],
    exit: 'preflight',
    errors: [
      /^error ForeignCluster \[w1\] the host belongs to the cluster prod \(1{8}-\S+\), the inventory describes /,
    ],
    hints: [/reset it with the inventory of its own cluster/],
  },
  {
    title: 'something else on each host',
    spoil: {
      cp1: 'systemd-run --quiet --unit squatter --socket-property=ListenStream=2379 sleep 600',
      w1: 'mkdir -p /etc/kubernetes/manifests && echo "kind: Pod" >/etc/kubernetes/manifests/etcd.yaml',
    },
    mend: { cp1: 'systemctl stop squatter.socket', w1: 'rm -r /etc/kubernetes' },
    exit: 'preflight',
    errors: [/^error Port-2379 \[cp1\] /, /^error FileAvailable--etc-kubernetes-manifests-etcd.yaml \[w1\] /],
    hints: [/ss -ltnp/, /kubeadm reset/],
  },
]

describe('on bare hosts, apply answers with clear errors and changes nothing for', () => {
  let lab: Lab

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'kubewright-e2e-'))
    await writeFile(join(scratch, 'id'), testKey().private, { mode: 0o600 })
    await damagedBundle(join(scratch, 'bundle'))
    lab = await labUp({ name, controlPlanes: 1, workers: 1, kubernetes: '1.37.1', fresh: true })
  })

  afterAll(async () => {
    await labDown(name)
    await rm(scratch, { recursive: true, force: true })
  })

  test.each(cases)('$title', async (one) => {
    await onHosts(lab, one.spoil)
    try {
      const before = await Promise.all(lab.hosts.map(async (host) => fileSystem(host)))
      const outcome = await applyElsewhere(lab, one)
      expect(errorLines(outcome)).toEqual(one.errors.map((error) => expect.stringMatching(error) as string))
      expect(hintLines(outcome)).toEqual(one.hints.map((hint) => expect.stringMatching(hint) as string))
      expect(outcome.code).toBe(exitCodes[one.exit])
      for (const [index, host] of lab.hosts.entries())
        expect(differences(before[index] ?? [], await fileSystem(host))).toEqual([])
    } finally {
      await onHosts(lab, one.mend)
    }
  })

  test('hosts on which nothing is wrong any more', async () => {
    await using place = await elsewhere(lab)
    const { code, stderr } = await kubewright(['preflight', '--inventory', place.inventoryPath])
    expect(stderr).not.toContain('error')
    expect(code).toBe(exitCodes.success)
  })
})

async function applyElsewhere(lab: Lab, { inventory, args = [] }: Case): Promise<Outcome> {
  await using place = await elsewhere(lab, (document) => inventory?.(document, lab))
  // Awaited here: the place is gone when this function returns.
  return await kubewright(['apply', '--yes', '--inventory', place.inventoryPath, ...args])
}

async function onHosts(lab: Lab, commands: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const [host, command] of Object.entries(commands)) await inHost(hostOf(lab, host), command)
}

function errorLines({ stderr }: Outcome): readonly string[] {
  return stderr.split('\n').filter((line) => line.startsWith('error'))
}

/** What to do about each error; warnings have hints of their own. */
function hintLines({ stderr }: Outcome): readonly string[] {
  const hints = stderr.matchAll(/^error .*\n(?: {2}\| .*\n)*( {2}What to do: .*)$/gm)
  return [...hints].map(([, hint = '']) => hint)
}

/** The lab's bundle, in which one byte of runc is another one. */
async function damagedBundle(directory: string): Promise<void> {
  await mkdir(directory)
  for (const entry of await readdir(bundleDirectory)) {
    const [from, to] = [join(bundleDirectory, entry), join(directory, entry)]
    await (entry === 'runc' ? cp(from, to, { recursive: true }) : symlink(from, to))
  }
  const runc = join(directory, 'runc', programVersions('1.37.1').runc, 'amd64/runc.tar.zst')
  await using file = await open(runc, 'r+')
  const { size } = await file.stat()
  await file.write(Buffer.of(0, 1), 0, 2, Math.floor(size / 2)) // at most one of them was there
}
