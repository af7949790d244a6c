import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { Probe } from '../../src/engine/resource.ts'
import { probeBatch } from '../../src/host/probe.ts'
import { sh, type Command } from '../../src/transport/command.ts'

function probe(script: Command, words?: readonly string[]): Probe<string> {
  return { script, parse: (output) => output, ...(words === undefined ? {} : { words }) }
}

/** Runs a batch under sh, with a `kw_kubectl` that prints what it was asked. */
function answers(probes: readonly Probe<string>[]): readonly string[] {
  const batch = probeBatch(probes)
  const kubectl = 'kw_kubectl() { sleep 0.2; echo "asked $*"; }'
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', `${kubectl}\n${batch.body.text}`])
  expect(stderr.toString()).toBe('')
  const outputs = batch.parse(stdout)
  return probes.map(({ script }) => outputs.get(script.text) ?? '')
}

test('probes are answered in their own words, whether they ask the API or the host', () => {
  const probes = [
    probe(sh`echo host; exit 3`),
    ...['a', 'b', 'c', 'd'].map((name) => probe(sh`kw_kubectl get ${name}`)),
    probe(sh`printf 'no newline'`),
    probe(sh`kw_kubectl get e >/dev/null`),
  ]
  expect(answers(probes)).toEqual([
    'host\n',
    'asked get a\n',
    'asked get b\n',
    'asked get c\n',
    'asked get d\n',
    'no newline',
    '',
  ])
})

test('the answer of one that asks the API may be larger than what a pipe holds', () => {
  const long = sh`kw_kubectl >/dev/null; head -c 300000 /dev/zero | tr '\0' x`
  const [first, second] = answers([probe(long), probe(sh`kw_kubectl get a`)])
  expect(first).toHaveLength(300_000)
  expect(second).toBe('asked get a\n')
})

test('those that ask the API are asked at once', () => {
  const { text } = probeBatch(['a', 'b', 'c'].map((name) => probe(sh`kw_kubectl get ${name}`))).body
  expect(text.match(/^\} \| \{$/gm)).toHaveLength(2)
})

test('probes of one script run once, with the words of all of them', () => {
  const script = sh`echo run; for kw_word; do printf '<%s>' "$kw_word"; done`
  const both = 'run\n<a b><$c>'
  expect(answers([probe(script, ['a b']), probe(script, ['$c']), probe(script, ['a b'])])).toEqual([both, both, both])
})
