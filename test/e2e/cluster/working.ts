import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { podsHaveGone } from '../pods.ts'
import { eventually, hostOf, inHost, kubectl } from '../support.ts'
import { shared } from './shared.ts'

interface List<Item> {
  readonly items: readonly Item[]
}

interface Node {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec: {
    readonly taints?: readonly { readonly key: string; readonly effect: string }[]
    readonly podCIDR: string
  }
  readonly status: {
    readonly addresses: readonly { readonly type: string; readonly address: string }[]
    readonly conditions: readonly { readonly type: string; readonly status: string }[]
    readonly nodeInfo: { readonly kubeletVersion: string; readonly containerRuntimeVersion: string }
  }
}

interface Pod {
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
  }
  readonly spec: { readonly nodeName: string }
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] }
}

/** The cluster as its users see it. */
export function clusterWorks(): void {
  test('all nodes are Ready with their addresses, versions, labels and taints', async () => {
    const { lab } = shared
    const nodes = async () => (JSON.parse(await kubectl(lab, 'get nodes -o json')) as List<Node>).items
    const seen = (await nodes()).map(({ metadata, status }) => ({
      name: metadata.name,
      ready: status.conditions.find(({ type }) => type === 'Ready')?.status,
      internalIP: status.addresses.find(({ type }) => type === 'InternalIP')?.address,
      version: status.nodeInfo.kubeletVersion,
      controlPlane: 'node-role.kubernetes.io/control-plane' in metadata.labels,
    }))
    const wanted = lab.hosts.map(({ name, nodeIP }) => ({
      name,
      ready: 'True',
      internalIP: nodeIP,
      version: 'v1.37.1',
      controlPlane: name === 'cp1',
    }))
    expect(seen).toEqual(wanted)
    // A node is Ready some seconds before the last taint goes that it had until then.
    await eventually(60, async () => {
      const taints = (await nodes()).flatMap(({ metadata, spec }) =>
        (spec.taints ?? []).map(({ key, effect }) => `${metadata.name} ${key}:${effect}`),
      )
      expect(taints).toEqual(['cp1 node-role.kubernetes.io/control-plane:NoSchedule'])
    })
  })

  test('all pods are ready, kube-proxy and Flannel on each node, and CoreDNS on the workers', async () => {
    await podsHaveGone(shared.lab)
    const { items } = JSON.parse(await kubectl(shared.lab, 'get pods -A -o json')) as List<Pod>
    const waiting = items.filter(
      ({ status }) => status.conditions.find(({ type }) => type === 'Ready')?.status !== 'True',
    )
    expect(waiting.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([])
    const nodesOf = (label: string, value: string) =>
      items.filter(({ metadata }) => metadata.labels[label] === value).map(({ spec }) => spec.nodeName)
    expect(nodesOf('k8s-app', 'kube-proxy').toSorted()).toEqual(['cp1', 'w1', 'w2'])
    expect(nodesOf('app', 'flannel').toSorted()).toEqual(['cp1', 'w1', 'w2'])
    expect(nodesOf('tier', 'control-plane')).toEqual(['cp1', 'cp1', 'cp1', 'cp1'])
    const dns = nodesOf('k8s-app', 'kube-dns')
    expect(dns).toHaveLength(2)
    expect(dns).not.toContain('cp1')
  })

  test('logs are read from kubelets whose serving certificates the cluster authority has signed', async () => {
    const { lab } = shared
    const authority = new X509Certificate(await inHost(hostOf(lab, 'cp1'), 'cat /etc/kubernetes/pki/ca.crt'))
    for (const host of lab.hosts) {
      const pod = await kubectl(
        lab,
        `get pods -n kube-system -l k8s-app=kube-proxy --field-selector spec.nodeName=${host.name} -o name`,
      )
      expect((await kubectl(lab, `logs -n kube-system ${pod.trim()} --tail 5`)).trim()).not.toBe('')
      expect(await verifiedPeer(host.nodeIP, 10250, authority)).toBe(true)
      const serving = new X509Certificate(await inHost(host, 'cat /var/lib/kubelet/pki/kubelet.crt'))
      expect(serving.verify(authority.publicKey)).toBe(true)
      expect(serving.checkIP(host.nodeIP)).toBe(host.nodeIP)
    }
  })

  test('a Deployment gets pods on workers, and its Service answers by name', async () => {
    const { lab } = shared
    const image = await kubectl(
      lab,
      `get pods -n kube-system -l k8s-app=kube-proxy -o jsonpath='{.items[0].spec.containers[0].image}'`,
    )
    expect(image).toContain('registry.k8s.io/kube-proxy:v1.37.1')
    const agnhost = (await inHost(hostOf(lab, 'w1'), 'ctr -n k8s.io images ls -q')).match(/^\S+\/agnhost:\S+$/m)?.[0]
    await kubectl(
      lab,
      `create deployment echo --image ${agnhost} --replicas 2 --port 8080 -- /agnhost netexec --http-port=8080`,
    )
    try {
      await kubectl(lab, 'expose deployment echo --port 80 --target-port 8080')
      await kubectl(lab, 'rollout status deployment echo --timeout 120s')
      const answer = await eventually(90, () =>
        kubectl(
          lab,
          `exec deployment/echo -- /agnhost connect echo.default.svc.cluster.local:80 --timeout 2s && echo connected`,
        ),
      )
      expect(answer).toContain('connected')
    } finally {
      // In the foreground it ends after its pods: a pod that still goes writes on the disks that the next test compares.
      await kubectl(lab, 'delete deployment,service echo --ignore-not-found --now --cascade=foreground')
    }
  })

  test('no key of an authority is on a worker', async () => {
    for (const name of ['w1', 'w2']) {
      const keys = await inHost(hostOf(shared.lab, name), `find /etc/kubernetes /var/lib/kubewright -name '*.key'`)
      expect(keys).toBe('')
    }
  })
}

/** Whether a server shows a certificate of this authority for its address. */
function verifiedPeer(host: string, port: number, authority: X509Certificate): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ca: authority.toString() }, () => {
      resolve(socket.authorized)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}
