import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { factsScript, parseFacts } from '../../src/host/facts-script.ts'
import { clusterOf, hostOf } from '../support/facts.ts'
import { timing } from './facts-output.ts'

describe('the script', () => {
  const script = factsScript(hostOf(), clusterOf())

  test('runs under /bin/sh on this machine and gives its facts', () => {
    const sentAt = Date.now()
    const output = execFileSync('/bin/sh', ['-c', script.text], { encoding: 'utf8' })
    const facts = parseFacts(output, hostOf({ ssh: { ...hostOf().ssh, address: 'localhost' } }), {
      sentAt,
      receivedAt: Date.now(),
    })
    expect(facts.cpus).toBeGreaterThan(0)
    expect(facts.memoryBytes).toBeGreaterThan(2 ** 20)
    expect(facts.kernel).toMatch(/^\d+\.\d+/)
    expect(facts.survey.disks.map(({ path }) => path)).toContain('/var/lib/containerd')
    expect(facts.survey.links).toContain('lo')
    expect(Math.abs(facts.clockOffset)).toBeLessThan(1)
  })

  test('gives facts of nothing and an exit code of 0 where every program is missing', () => {
    const text = script.text.replace(/PATH=\$PATH:\S*/, 'PATH=/nonexistent')
    const output = execFileSync('/bin/sh', ['-c', text], { encoding: 'utf8', env: { PATH: '/nonexistent' } })
    const facts = parseFacts(output, hostOf(), timing)
    expect(facts.survey.listening).toEqual([])
    expect(facts.nodeIP).toBe('')
  })

  test('is read by a strict shell as well', () => {
    const output = execFileSync('/bin/sh', ['-euc', `${script.text}\nprintf done`], { encoding: 'utf8' })
    expect(output).toMatch(/done$/)
  })

  test('quotes directories of the inventory', () => {
    const host = hostOf({ directories: { etcd: "/data/it's etcd", containerd: '/var/lib/containerd', kubelet: '/k' } })
    const { text } = factsScript(host, clusterOf())
    expect(text).toContain(`'/data/it'\\''s etcd'/*`)
    expect(() => execFileSync('/bin/sh', ['-nc', text])).not.toThrow()
  })

  test('has only programs that read', () => {
    expect(script.text).not.toMatch(/\b(?:rm|mv|cp|ln|mkdir|touch|tee|modprobe|mktemp) /)
    expect(script.text.replaceAll('2>/dev/null', '')).not.toContain('>')
  })
})
