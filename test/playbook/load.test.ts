import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadPlaybook, playbooksDirectory } from '../../src/playbook/load.ts'
import { taskNames } from '../../src/tasks/names.ts'
import { allTasks } from '../../src/tasks/registry.ts'

const names = (await readdir(playbooksDirectory)).map((file) => file.replace(/\.yaml$/, ''))

test.each(names)('the playbook %s names tasks and phases that there are', async (name) => {
  await expect(loadPlaybook(name)).resolves.toMatchObject({ name })
})

test.each(['cluster', 'reset'])('the playbook %s has phases for hosts that run etcd alone', async (name) => {
  const { phases } = await loadPlaybook(name)
  expect(phases.map(({ hosts }) => hosts)).toContain('etcd-hosts')
})

test('the names that a playbook may use are those of the tasks, each of which some playbook uses', async () => {
  expect([...taskNames].sort()).toEqual([...allTasks().keys()].sort())
  const playbooks = await Promise.all(names.map((name) => loadPlaybook(name)))
  const used = playbooks.flatMap(({ phases }) => phases.flatMap(({ tasks }) => tasks))
  expect(taskNames.filter((name) => !used.includes(name))).toEqual([])
})

test.each([
  [
    'a task that does not exist',
    'etcd-hosts',
    '[etcd/redy]',
    'first names the task etcd/redy, which does not exist; did you mean etcd/ready?',
  ],
  ['a selector that does not exist', 'masters', '[etcd/ready]', 'phases[0].hosts'],
])(
  'a playbook with %s is refused when it is loaded, whether there are such hosts or not',
  async (_, hosts, tasks, said) => {
    const directory = await mkdtemp(join(tmpdir(), 'kw-playbooks-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    await writeFile(join(directory, 'mine.yaml'), `phases:\n  - { name: first, hosts: ${hosts}, tasks: ${tasks} }\n`)
    await expect(loadPlaybook('mine', directory)).rejects.toMatchObject({
      details: { code: 'KW1101', message: expect.stringContaining(said) },
    })
  },
)
