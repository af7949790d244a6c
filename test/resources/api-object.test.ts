import { beforeEach, expect, test } from 'vitest'
import type { KubernetesObject } from '../../src/kubernetes/object.ts'
import { apiObjects, type ObjectState } from '../../src/resources/api-object.ts'
import { contextOf, factsOf } from '../support/facts.ts'
import { applyTasks, listed, planTasks } from '../support/run-task.ts'
import { sandboxHost, type SandboxHost } from '../support/sandbox-host.ts'

/** Keeps what was applied, and answers with it. */
const kubectl = `#!/bin/sh
while [ $# -gt 0 ]; do case $1 in --kubeconfig | --server | --cache-dir) shift 2 ;; *) break ;; esac; done
case "$*" in
  *--dry-run*) echo try >>/fake/asked; cat ;;
  apply*)
    echo apply >>/fake/asked
    shift $(($# - 1))
    printf '%s,' "$(sed 's/.*"items":\\[//; s/]}$//' "$1")" >>/fake/items
    cat /fake/answer 2>/dev/null || cat "$1" ;;
  get*)
    echo get >>/fake/asked
    cat >/dev/null
    [ ! -e /fake/items ] || printf '{"items":[%s]}' "$(sed 's/,$//' /fake/items)" ;;
esac
exit 0
`
const map = (name: string, text = 'a'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'kube-system' },
  data: { text },
})
const context = contextOf({ facts: factsOf({ hostname: 'cp1' }) })
const applying = (...objects: readonly KubernetesObject[]) => ({
  name: 'addons',
  summary: 'Apply',
  resources: () => apiObjects(objects, { server: 'https://192.0.2.11:6443' }),
})

let host: SandboxHost

beforeEach(() => {
  host = sandboxHost({ name: 'cp1' })
  host.write('/etc/kubernetes/admin.conf', 'kubeconfig')
  host.write('/usr/bin/kubectl', kubectl, 0o755)
})

/** What kubectl was called for since it was asked this last. */
function asked(): readonly string[] {
  const lines = (host.read('/fake/asked') ?? '').trim().split('\n')
  host.remove('/fake/asked')
  return lines
}

/** A plan reads, and so does the run that acts. */
const planned = ['get', 'get']

test('what the API answers to an apply is what is there, and nothing is read again', async () => {
  await applyTasks(host, applying(map('a'), map('b')), context)
  expect(asked()).toEqual([...planned, 'apply'])
  expect(listed(await planTasks(host, applying(map('a'), map('b')), context))).toEqual([])
})

test('objects of which only some were applied are read again', async () => {
  await applyTasks(host, applying(map('a')), context)
  asked()
  await applyTasks(host, applying(map('a'), map('b')), context)
  expect(asked()).toEqual(['get', 'try', 'get', 'try', 'apply', 'get'])
})

test('the answer of one execution is no answer in the next', async () => {
  await applyTasks(host, applying(map('a')), context)
  host.write('/fake/items', JSON.stringify(map('a', 'changed by hand')))
  expect(listed(await planTasks(host, applying(map('a')), context))).toEqual(['update object:ConfigMap/kube-system/a'])
})

test('an object that the API did not take as it was is an error', async () => {
  host.write('/fake/answer', JSON.stringify({ items: [] }))
  await expect(applyTasks(host, applying(map('a')), context)).rejects.toMatchObject({ details: { code: 'KW3002' } })
})

/** What is planned where kubectl fails with these words to get the second set, and else finds nothing. */
async function plannedWith(said: string): Promise<readonly (string | undefined)[]> {
  host.write(
    '/usr/bin/kubectl',
    `#!/bin/sh
case $* in *readyz*) echo ok; exit ;; esac
echo get >>/fake/asked
case $(cat) in *'"b"'*) echo '${said}' >&2; exit 1 ;; esac
`,
    0o755,
  )
  const access = { server: 'https://192.0.2.11:6443' }
  const all = [...apiObjects([map('a')], access), ...apiObjects([map('b')], access)]
  const states = await host.target.probe(all)
  return all.map((object) => object.compare(states.get(object.id) as ObjectState)?.summary)
}

test('objects of a set that could not be read are unknown, and nothing is claimed of them', async () => {
  expect(await plannedWith('Unable to connect to the server: net/http: TLS handshake timeout')).toEqual([
    'create ConfigMap kube-system/a',
    'ConfigMap kube-system/b: decided when the API is up',
  ])
  // All of them, then one set after the other.
  expect(asked()).toEqual(['get', 'get', 'get'])
})

test('objects of a kind that the API does not know yet are not there', async () => {
  expect(await plannedWith('error: resource mapping not found: no matches for kind "X" in version "v1"')).toEqual([
    'create ConfigMap kube-system/a',
    'create ConfigMap kube-system/b',
  ])
})
