import { readFileSync, readdirSync } from 'node:fs'
import { hostExec, type Lab, type LabHost } from '../lab/index.ts'
import { hostOf, inHost } from './support.ts'

/** What nobody may see: lines of real private keys, and bootstrap tokens. */
export interface KeyMaterial {
  /** Where it was found, for a test that wants to know that it looked at something. */
  readonly files: readonly string[]
  readonly tokens: readonly string[]
  readonly needles: readonly string[]
}

/** Collects the private keys of all hosts as their files hold them, and the tokens that etcd still remembers. */
export async function keyMaterial(lab: Lab): Promise<KeyMaterial> {
  const found = await Promise.all(lab.hosts.map(keysOf))
  const keys = found.flat()
  const tokens = await tokensOf(hostOf(lab, 'cp1'))
  return {
    files: keys.map(({ file }) => file),
    tokens,
    needles: [...new Set([...keys.flatMap(({ text }) => needlesIn(text)), ...tokens])],
  }
}

async function keysOf(host: LabHost): Promise<readonly { file: string; text: string }[]> {
  const boundary = '=kubewright-file= '
  const found = await inHost(
    host,
    `find /etc/kubernetes /var/lib/kubelet/pki -type f \\( -name '*.key' -o -name '*.conf' -o -name '*.pem' \\) | while read -r file; do echo '${boundary}'$file; cat $file; done`,
  )
  return found
    .split(boundary)
    .slice(1)
    .map((part) => ({ file: `${host.name}:${part.slice(0, part.indexOf('\n'))}`, text: part }))
}

// The field token-secret of a Secret as etcd stores it (protobuf); a deleted one stays until etcd compacts its history.
async function tokensOf(host: LabHost): Promise<readonly string[]> {
  const { stdout } = await hostExec(
    host,
    `cat /var/lib/etcd/member/wal/*.wal /var/lib/etcd/member/snap/db | grep -aoP 'token-secret\\x12\\x10\\K[a-z0-9]{16}' | sort -u`,
  )
  return stdout.split('\n').filter((line) => line !== '')
}

/** The lines of every private key in a file, also of those that a kubeconfig holds in base64. */
function needlesIn(text: string): readonly string[] {
  const embedded = [...text.matchAll(/client-key-data: (\S+)/g)].map((match) => match[1] ?? '')
  const inKubeconfig = embedded.flatMap((data) => [
    ...privateLines(Buffer.from(data, 'base64').toString('utf8')),
    // The middle of the encoded key, as a line that was not decoded would show it.
    data.slice(1000, 1060),
  ])
  return [...privateLines(text), ...inKubeconfig].filter((line) => line.length >= 40)
}

/** Lines of a PEM key that are secret: an RSA key begins with its public part, an EC key with its private one. */
function privateLines(text: string): readonly string[] {
  const keys = [...text.matchAll(/-----BEGIN (RSA |EC |)PRIVATE KEY-----\n([^-]+)-----END/g)]
  return keys.flatMap(([, kind, body = '']) => {
    const lines = body.trim().split('\n')
    return kind === 'RSA ' ? lines.slice(7, -1) : lines.slice(0, 1)
  })
}

/** Looks at the command lines and environments of all processes of this machine, those in its containers included. */
export interface ProcessWatch {
  /** Ends the watch: everything that was seen. */
  stop(): string
}

export function watchProcesses(interval = 150): ProcessWatch {
  const seen = new Set<string>()
  const timer = setInterval(() => {
    for (const process of readdirSync('/proc')) {
      if (!/^\d+$/.test(process)) continue
      seen.add(contentOf(`/proc/${process}/cmdline`))
      seen.add(contentOf(`/proc/${process}/environ`))
    }
  }, interval)
  return {
    stop() {
      clearInterval(timer)
      return [...seen].join('\n')
    },
  }
}

/** Empty when the process has gone. */
function contentOf(path: string): string {
  try {
    return readFileSync(path, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
