import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { $, ask } from '../../lab/shell.ts'
import { keyMaterial } from '../secrets.ts'
import { onLab } from '../support.ts'
import { shared } from './shared.ts'

/** Real key material is looked for wherever it should not be. */
export function secretsStaySecret(): void {
  test('no key and no token is in a command line, a plan, a log, the JSON output or the journal', async () => {
    const { lab, installation, scratch } = shared
    if (installation === undefined) throw new Error('there was no installation')
    const { files, tokens, needles } = await keyMaterial(lab)
    expect(files).toEqual(expect.arrayContaining(sources))
    expect(tokens.length).toBeGreaterThan(0)
    expect(needles.length).toBeGreaterThan(200)
    expect(needles.filter((needle) => needle.length < 16)).toEqual([])

    const logs = join(lab.directory, '.kubewright/logs')
    const texts = new Map([
      ['command lines and environments', installation.processes],
      ['the JSON output', installation.outcome.stdout + installation.outcome.stderr],
      ['the saved plan', await readFile(installation.planPath, 'utf8')],
      ['a plan of the living cluster', (await onLab(lab, 'plan', '--output', 'json', '--deep')).stdout],
    ])
    for (const file of await readdir(logs)) texts.set(file, await readFile(join(logs, file), 'utf8'))
    expect(installation.processes).toContain('kubelet')
    expect(
      [...texts].filter(([, text]) => needles.some((needle) => text.includes(needle))).map(([name]) => name),
    ).toEqual([])

    await writeFile(join(scratch, 'needles'), needles.join('\n'), { mode: 0o600 })
    for (const { name, container } of lab.hosts) {
      await $`podman cp ${join(scratch, 'needles')} ${container}:/root/needles`
      // Proof that this way of searching finds: the keys themselves.
      expect(
        (await ask`podman exec ${container} grep -rlaFf /root/needles /etc/kubernetes /var/lib/kubelet/pki`).stdout,
      ).toContain('/')
      const found = await ask`podman exec ${container} sh -c ${searchInHost}`
      expect(`${name}: ${found.stdout}`).toBe(`${name}: `)
    }
  })
}

const sources = [
  'cp1:/etc/kubernetes/pki/ca.key',
  'cp1:/etc/kubernetes/pki/sa.key',
  'cp1:/etc/kubernetes/pki/etcd/ca.key',
  'cp1:/etc/kubernetes/admin.conf',
  'cp1:/etc/kubernetes/super-admin.conf',
  'w1:/var/lib/kubelet/pki/kubelet.key',
]

const searchInHost = `grep -rlaFf /root/needles /var/lib/kubewright /var/log /run/kubewright.lock /run/kubewright.holder /etc/systemd /var/lib/kubelet/config.yaml 2>/dev/null
journalctl --no-pager --quiet | grep -cFf /root/needles | grep -v '^0$'
ps -eo args | grep -Ff /root/needles | grep -v needles
rm /root/needles`
