import { expect, test } from 'vitest'
import { scaffoldInventory, type ScaffoldAnswers } from '../../src/inventory/scaffold.ts'
import { clusterOf, problemsOf, uncommented } from './support.ts'

const smallest: ScaffoldAnswers = {
  name: 'demo',
  kubernetesVersion: '1.37.1',
  controlPlanes: [{ name: 'cp1', address: '192.0.2.11' }],
  workers: [{ name: 'w1', address: 'w1.example.com' }],
}

test('a new inventory loads as it is', async () => {
  const cluster = await clusterOf(scaffoldInventory(smallest))
  expect(cluster.name).toBe('demo')
  expect(cluster.hosts.map(({ name, roles, ssh }) => [name, roles, ssh.address])).toEqual([
    ['cp1', ['control-plane'], '192.0.2.11'],
    ['w1', ['worker'], 'w1.example.com'],
  ])
})

test('all answers are in it', async () => {
  const text = scaffoldInventory({
    ...smallest,
    controlPlanes: [{ name: 'cp1', address: '192.0.2.11', nodeIP: '198.51.100.11' }],
    user: 'admin',
    port: 2222,
    identityFile: './id',
    endpoint: 'api.example.com',
    podSubnet: '10.1.0.0/16',
    serviceSubnet: '10.2.0.0/16',
    bundle: '/srv/my bundle',
    schema: './schema.json',
  })
  expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/schema\.json\n/)
  const cluster = await clusterOf(text, { id: '' })
  expect(cluster).toMatchObject({
    controlPlaneEndpoint: { address: 'api.example.com', explicit: true },
    networking: { podSubnets: ['10.1.0.0/16'], serviceSubnets: ['10.2.0.0/16'] },
    artifacts: { source: 'bundle', path: '/srv/my bundle' },
  })
  expect(cluster.hosts[0]).toMatchObject({ nodeIP: '198.51.100.11', ssh: { user: 'admin', port: 2222 } })
})

test('without workers the control plane runs workloads', async () => {
  const cluster = await clusterOf(
    scaffoldInventory({
      ...smallest,
      controlPlanes: [{ name: 'me', address: 'me', connection: 'local' }],
      workers: [],
    }),
  )
  expect(cluster.hosts).toMatchObject([{ roles: ['control-plane', 'worker'], connection: 'local', taints: [] }])
})

test.each([{}, { user: 'admin' }])('its comments work when they lose their mark (%j)', async (answers) => {
  const text = uncommented(scaffoldInventory({ ...smallest, ...answers }))
  expect(text).toMatch(/^ {2}controlPlaneEndpoint: /m)
  expect(text).toMatch(/^ {4}bastion: /m)
  // The keys in the comments are examples: only their files may be missing.
  const { problems } = await problemsOf(text)
  expect(problems.filter(({ code }) => code !== 'KW1040')).toEqual([])
})

test('an answer cannot become YAML of its own', async () => {
  for (const value of ['yes', "it's", 'a: b', '# x', '"', '*x', 'a\nb: c', '1.30', 'é']) {
    const text = scaffoldInventory({ ...smallest, bundle: value, user: value, name: value })
    const { printed } = await problemsOf(text)
    expect(printed.filter((line) => /KW100|KW101[0125]/.test(line))).toEqual([])
  }
})
