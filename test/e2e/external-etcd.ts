import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Document } from 'yaml'
import { architecture } from '../lab/artifacts/paths.ts'
import { releaseOf } from '../lab/artifacts/versions.ts'
import { nodeNetwork } from '../lab/hosts/definition.ts'
import { bundleDirectory, type Lab } from '../lab/index.ts'
import { $, ask } from '../lab/shell.ts'
import { changesMade, elsewhere, kubectl, kubewright, type Elsewhere, type Outcome } from './support.ts'

/** An etcd that somebody has made: one member in the network of the lab, and a directory with its certificates. */
interface MadeEtcd extends AsyncDisposable {
  readonly endpoint: string
  readonly directory: string
  /** Runs etcdctl against it. */
  ctl(...args: readonly string[]): Promise<string>
}

/** Installs a cluster on an external etcd, and sees to it that nothing of that etcd is taken for ours. */
export async function externalCluster(lab: Lab, say: (text: string) => void): Promise<void> {
  await using etcd = await makeEtcd(lab)
  await using there = await elsewhere(lab, (inventory) => setExternal(inventory, etcd, 'client'))
  const run = async (verb: string, ...args: readonly string[]): Promise<Outcome> =>
    kubewright([verb, '--inventory', there.inventoryPath, ...args], { cwd: there.directory })

  await using stranger = await elsewhere(lab, (inventory) => setExternal(inventory, etcd, 'stranger'))
  await refused(stranger, 'ExternalEtcdClientCertificates')
  say('a client certificate of another CA is refused before anything is installed')

  const installed = await run('apply', '--yes')
  assert.equal(installed.code, 0, installed.stdout + installed.stderr)
  say(`1 control plane on an external etcd is installed in ${(installed.elapsed / 1000).toFixed(1)} s`)
  assert.equal(await kubectl(lab, 'get nodes -o name'), 'node/cp1\n')
  assert.match(await etcd.ctl('get', '/registry/', '--prefix', '--keys-only', '--limit', '1'), /^\/registry\//)
  const again = await run('apply', '--yes', '--output', 'json')
  assert.equal(again.code, 0, again.stdout)
  assert.deepEqual(changesMade(again), [])
  assert.match((await run('status')).stdout, new RegExp(`${etcd.endpoint.slice('https://'.length)} +healthy +leader`))
  say('its objects are there, status shows it, and a second apply has 0 changes')

  const reset = await run('reset', '--yes')
  assert.equal(reset.code, 0, reset.stderr)
  assert.match(reset.stdout + reset.stderr, /the objects of the cluster stay in the external etcd/)
  assert.match(await etcd.ctl('get', '/registry/', '--prefix', '--keys-only', '--limit', '1'), /^\/registry\//)
  await refused(there, 'ExternalEtcdData')
  say('a reset leaves its objects and says so, and no cluster is begun on top of them')
  await etcd.ctl('del', '/registry/', '--prefix')
  assert.equal((await run('preflight')).code, 0)
}

async function refused({ directory, inventoryPath }: Elsewhere, check: string): Promise<void> {
  const { code, stdout, stderr } = await kubewright(['preflight', '--inventory', inventoryPath], { cwd: directory })
  assert.equal(code, 6, stdout + stderr)
  assert.match(stdout + stderr, new RegExp(check))
}

function setExternal(inventory: Document, { endpoint, directory }: MadeEtcd, client: string): void {
  const file = (name: string): string => join(directory, name)
  inventory.setIn(['spec', 'etcd', 'external'], {
    endpoints: [endpoint],
    caFile: file('ca.crt'),
    certFile: file(`${client}.crt`),
    keyFile: file(`${client}.key`),
  })
}

/** etcd in a container beside the hosts, which "lab down" removes with them. */
async function makeEtcd(lab: Lab): Promise<MadeEtcd> {
  const address = `${lab.hosts[0]!.nodeIP.split('.').slice(0, 3).join('.')}.41`
  const endpoint = `https://${address}:2379`
  const container = `kw-${lab.name}-external-etcd`
  const directory = join(lab.directory, 'etcd')
  await makeCertificates(directory, address)
  const { etcd, etcdImage } = releaseOf('1.37.1')
  const loaded =
    await $`podman load --quiet --input ${join(bundleDirectory, 'etcd', etcdImage, architecture, 'etcd.tar')}`
  const image = loaded.stdout.trim().split(' ').at(-1) ?? '' // "Loaded image: sha256:..."
  await ask`podman rm --force --time 0 ${container}`
  const flags = {
    name: 'theirs',
    'listen-client-urls': `${endpoint},https://127.0.0.1:2379`,
    'advertise-client-urls': endpoint,
    'data-dir': '/data',
    'cert-file': '/certs/server.crt',
    'key-file': '/certs/server.key',
    'trusted-ca-file': '/certs/ca.crt',
    'client-cert-auth': 'true',
  }
  const command = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)
  const limits = ['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'] // as the hosts of a lab have them
  const mounts = ['--tmpfs', '/data', '--volume', `${directory}:/certs:ro`]
  const options = [...limits, ...mounts, '--label', `kubewright-lab=${lab.name}`]
  await $`podman run --detach --runtime runc --name ${container} --network ${nodeNetwork(lab.name)} --ip ${address} ${options} --entrypoint etcd ${image} ${command}`
  await $`tar -C ${directory} -xf ${join(bundleDirectory, 'etcdctl', etcd, architecture, 'etcdctl.tar.zst')}`
  const client = ['--cacert', 'ca.crt', '--cert', 'client.crt', '--key', 'client.key']
  return {
    endpoint,
    directory,
    async ctl(...args) {
      return (await $({ cwd: directory })`./etcdctl --endpoints ${endpoint} ${client} ${args}`).stdout
    },
    [Symbol.asyncDispose]: async () => void (await ask`podman rm --force --time 0 ${container}`),
  }
}

/** As a person would: a CA, a certificate of the member, one of a client, and one of somebody who has nothing to do with it. */
async function makeCertificates(directory: string, address: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'server.ext'), `subjectAltName=IP:${address},IP:127.0.0.1\n`)
  await writeFile(join(directory, 'client.ext'), 'extendedKeyUsage=clientAuth\n')
  const script = `set -e
ca() { openssl req -x509 -newkey rsa:2048 -nodes -keyout $1.key -out $1.crt -days 3650 -subj /CN=$1; }
issue() {
  openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=$1
  openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -CAcreateserial -out $1.crt -days 365 -extfile $3.ext
}
ca ca; ca other
issue server ca server; issue client ca client; issue stranger other client`
  await $({ cwd: directory })`sh -c ${script}`
}
