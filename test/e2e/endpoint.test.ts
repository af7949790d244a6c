import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { exitCodes } from '../../src/engine/errors.ts'
import { labDown, labUp, type Lab, type LabHost } from '../lab/index.ts'
import { differences, fileSystem, livingParts, type Snapshot } from './file-system.ts'
import { startLoadBalancer, type Backend, type LoadBalancer } from './load-balancer.ts'
import { eventually, hostOf, inHost, kubectl, onLab, planOf, type Outcome } from './support.ts'

const name = 'e2eendpoint'

describe('an endpoint', () => {
  let lab: Lab
  let balancer: LoadBalancer
  let apiServer: Backend
  /** Nobody listens there. */
  let dead: Backend

  beforeAll(async () => {
    lab = await labUp({ name, controlPlanes: 1, workers: 1, kubernetes: '1.37.1', fresh: true })
    balancer = await startLoadBalancer(lab)
    apiServer = { host: hostOf(lab, 'cp1').nodeIP, port: 6443 }
    dead = { ...apiServer, port: 6444 }
  })

  afterAll(async () => {
    await balancer[Symbol.asyncDispose]()
    await labDown(name)
  })

  test('is tried by a listener before the first control plane lives', async () => {
    const bare = await readFile(lab.inventoryPath, 'utf8')
    await inventory({ controlPlaneEndpoint: external() })
    balancer.forwardTo(dead)
    expect((await refused('plan')).stderr).toMatch(
      /^error ControlPlaneEndpoint \[cp1\] the endpoint \S+:7443 does not lead to this host: /m,
    )
    balancer.forwardTo(apiServer)
    const proved = await onLab(lab, 'plan')
    expect(proved.stderr).not.toContain('ControlPlaneEndpoint')
    expect(proved.code, proved.stderr).toBe(exitCodes.changes)
    expect(balancer.clients()).toEqual([apiServer.host])
    await writeFile(lab.inventoryPath, bare)
  })

  test('comes by an ordinary apply to a cluster that had none', async () => {
    await applied()
    expect(await endpoints()).toEqual({ kubelet: urlOf(apiServer), kubeProxy: urlOf(apiServer) })
    await inventory({ controlPlaneEndpoint: { provider: 'node-local' } })
    expect((await applied()).stderr).not.toContain('ControlPlaneEndpoint')
    const local = 'https://127.0.0.1:6443'
    expect(await endpoints()).toEqual({ kubelet: local, kubeProxy: local })
    expect(await planOf(lab)).toEqual([])
  })

  test.each(['plan', 'apply'])('is refused by %s before anything is changed, if it leads nowhere', async (verb) => {
    balancer.forwardTo(dead)
    await inventory({ controlPlaneEndpoint: external() })
    expect((await refused(verb)).stderr).toMatch(
      /^error ControlPlaneEndpoint \[cp1\] the endpoint \S+:7443 does not lead to the living cluster: it closes the connection: nobody listens where it leads$/m,
    )
  })

  test("is refused, if a certificate of the user's own has not its name", async () => {
    // What the API server has by now is for everything but the endpoint.
    const [certificate, key] = ['/etc/kubernetes/own/api.crt', '/etc/kubernetes/own/api.key']
    const copies = `cp -p /etc/kubernetes/pki/apiserver.crt ${certificate}; cp -p /etc/kubernetes/pki/apiserver.key ${key}`
    await inHost(hostOf(lab, 'cp1'), `mkdir -p /etc/kubernetes/own; ${copies}`)
    const own = {
      extraArgs: { 'tls-cert-file': certificate, 'tls-private-key-file': key },
      extraVolumes: [
        { name: 'own', hostPath: '/etc/kubernetes/own', mountPath: '/etc/kubernetes/own', readOnly: true },
      ],
    }
    balancer.forwardTo(apiServer)
    await inventory({ controlPlaneEndpoint: external(), apiServer: own })
    const { stderr } = await refused('plan')
    expect(stderr).toMatch(
      /^error ControlPlaneEndpoint \[cp1\] the certificate behind the endpoint \S+ is not for \S+$/m,
    )
    expect(stderr).toContain(`Add that name to ${certificate} on the control planes.`)
  })

  test('is another by an ordinary apply, which says before that the certificate lacks its name, and adds it', async () => {
    await inventory({ controlPlaneEndpoint: external(), apiServer: {} })
    const outcome = await applied()
    expect(outcome.stderr).toMatch(
      /^warning ControlPlaneEndpoint \[cp1\] the certificate behind the endpoint \S+ is not for \S+$/m,
    )
    expect(await endpoints()).toEqual({ kubelet: urlOf(balancer), kubeProxy: urlOf(balancer) })
    const info = await kubectl(lab, 'get configmap cluster-info -n kube-public -o jsonpath={.data.kubeconfig}')
    expect(serverIn(info)).toBe(urlOf(balancer))
    const proxy = 'find /etc/kubernetes/haproxy /etc/kubernetes/manifests -type f'
    expect(await inHost(hostOf(lab, 'w1'), proxy)).toBe('')
    expect(balancer.clients()).toEqual(lab.hosts.map(({ nodeIP }) => nodeIP))
    const again = await onLab(lab, 'plan')
    expect(again.stderr).not.toContain('ControlPlaneEndpoint')
    expect(again.code, again.stdout).toBe(exitCodes.success)
  })

  test('is told of, if one of its backends is dead, and an error, if all are', async () => {
    balancer.forwardTo(apiServer, dead)
    const half = await onLab(lab, 'plan')
    expect(half.stderr).toMatch(
      /^warning ControlPlaneEndpoint \[cp1\] [12] of 3 connections to the endpoint \S+ fail: /m,
    )
    expect(half.code).toBe(exitCodes.success)
    balancer.forwardTo(dead)
    await refused('plan')
    balancer.forwardTo(apiServer)
    await eventually(30, async () => expect(await planOf(lab)).toEqual([]))
  })

  function external() {
    return { provider: 'external', address: balancer.host, port: balancer.port }
  }

  /** Changes the specification in the inventory of the lab. */
  async function inventory(spec: Readonly<Record<string, unknown>>): Promise<void> {
    const document = parseDocument(await readFile(lab.inventoryPath, 'utf8'))
    for (const [key, value] of Object.entries(spec)) document.setIn(['spec', key], document.createNode(value))
    await writeFile(lab.inventoryPath, document.toString())
  }

  async function applied(): Promise<Outcome> {
    const outcome = await onLab(lab, 'apply', '--yes')
    expect(outcome.code, outcome.stderr).toBe(exitCodes.success)
    process.stderr.write(`apply: ${(outcome.elapsed / 1000).toFixed(1)} s\n`)
    return outcome
  }

  /** Runs what has to be refused, which may write nothing on any host. */
  async function refused(verb: string): Promise<Outcome> {
    const before = await Promise.all(lab.hosts.map(look))
    const outcome = await onLab(lab, verb, ...(verb === 'apply' ? ['--yes'] : []))
    expect(outcome.code, outcome.stderr).toBe(exitCodes.preflight)
    for (const [index, host] of lab.hosts.entries()) {
      expect(differences(before[index] ?? [], await look(host)), host.name).toEqual([])
    }
    return outcome
  }

  /** Where the worker's kubelet and every kube-proxy ask for the API. */
  async function endpoints(): Promise<Readonly<Record<'kubelet' | 'kubeProxy', string>>> {
    return {
      kubelet: serverIn(await inHost(hostOf(lab, 'w1'), 'cat /etc/kubernetes/kubelet.conf')),
      kubeProxy: serverIn(
        await kubectl(lab, `get configmap kube-proxy -n kube-system -o jsonpath='{.data.kubeconfig\\.conf}'`),
      ),
    }
  }
})

function urlOf({ host, port }: Backend): string {
  return `https://${host}:${port}`
}

/** Without what the kubelet keeps of pods, as one of those before may be ending yet; what we do is in our journal before. */
function look(host: LabHost): Promise<Snapshot> {
  return fileSystem(host, [...livingParts, '/var/lib/kubelet', '/var/lib/cni'])
}

function serverIn(kubeconfig: string): string {
  return /server: "?([^"\s]+)/.exec(kubeconfig)?.[1] ?? ''
}
