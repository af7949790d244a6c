/** A host as `kubewright init` asks for it. */
export interface ScaffoldHost {
  readonly name: string
  /** IP address, DNS name or alias of `~/.ssh/config`. */
  readonly address: string
  readonly nodeIP?: string | undefined
  /** `local` is the machine on which kubewright runs. */
  readonly connection?: 'ssh' | 'local' | undefined
}

/** What a new inventory is made of; everything that is left out is a comment with its default. */
export interface ScaffoldAnswers {
  readonly name: string
  readonly kubernetesVersion: string
  /** Without workers, the control planes run workloads too. */
  readonly controlPlanes: readonly ScaffoldHost[]
  readonly workers: readonly ScaffoldHost[]
  readonly user?: string | undefined
  readonly port?: number | undefined
  readonly identityFile?: string | undefined
  readonly endpoint?: string | undefined
  readonly podSubnet?: string | undefined
  readonly serviceSubnet?: string | undefined
  /** Directory of a bundle. */
  readonly bundle?: string | undefined
  /** Path or URL of the JSON schema for editors. */
  readonly schema?: string | undefined
}

/** The commented YAML of a new inventory, which holds no secrets. */
export function scaffoldInventory(answers: ScaffoldAnswers): string {
  const { name, kubernetesVersion, controlPlanes, workers, schema } = answers
  const lonely = workers.length === 0
  return `${schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n`}\
# What the cluster is and on which hosts it runs. Next: kubewright validate, trust, plan, apply.
apiVersion: kubewright/v1alpha1
kind: Cluster
metadata:
  name: ${scalar(name)}
spec:
  # Exact, and in quotes: YAML reads 1.30 as a number.
  kubernetesVersion: ${quoted(kubernetesVersion)}

${sshSection(answers)}
${endpointSection(answers)}
${networkSection(answers)}
${artifactsSection(answers)}
  hosts:
${controlPlanes.map((host) => hostEntry(host, lonely ? '[control-plane, worker]' : '[control-plane]')).join('\n')}
${workers.map((host) => `${hostEntry(host, '[worker]')}\n`).join('')}`.replace(/\n+$/, '\n')
}

function sshSection({ user, port, identityFile }: ScaffoldAnswers): string {
  const given = [user, port, identityFile].some((value) => value !== undefined)
  const section = `\
  ssh:
    # A user with password-less sudo, or root.
${setting('user', user, 'admin')}
${setting('port', port, 22)}
${setting('identityFile', identityFile, '~/.ssh/id_ed25519')}
    # bastion: { address: bastion.example.com }
`
  // An empty section would be a mistake, so a section without settings is a comment as a whole.
  const commented = section.replaceAll(/^ {2}(.*)$/gm, (_, line: string) => `  # ${line.replace(/# (?=\w+: )/, '')}`)
  return `\
  # How hosts are reached. What is not here comes from ~/.ssh/config and your SSH agent; passwords are never used.
${given ? section : commented}`
}

function endpointSection({ endpoint, controlPlanes }: ScaffoldAnswers): string {
  const comment =
    '  # The DNS name or address that leads clients to the API servers. A name lets control planes be added later.'
  if (endpoint === undefined && controlPlanes.length > 1) {
    return `  # Every node reaches all control planes by a proxy of its own; address: is for a load balancer of yours.\n  controlPlaneEndpoint: { provider: node-local }\n`
  }
  return endpoint === undefined
    ? `${comment}\n  # controlPlaneEndpoint: { address: api.example.com, port: 6443 }\n`
    : `${comment}\n  controlPlaneEndpoint: { address: ${scalar(endpoint)}, port: 6443 }\n`
}

function networkSection({ podSubnet, serviceSubnet }: ScaffoldAnswers): string {
  return `\
  # Cannot be changed later, and must not overlap the hosts' own networks.
  networking:
    podSubnets: [${scalar(podSubnet ?? '10.244.0.0/16')}]
    serviceSubnets: [${scalar(serviceSubnet ?? '10.96.0.0/12')}]
    dnsDomain: cluster.local
`
}

function artifactsSection({ bundle }: ScaffoldAnswers): string {
  const comment = '  # Where binaries and images come from: upstream (the internet), a mirror (url) or a bundle (path).'
  const value = bundle === undefined ? '{ source: upstream }' : `{ source: bundle, path: ${scalar(bundle)} }`
  return `${comment}\n  artifacts: ${value}\n`
}

function hostEntry({ name, address, nodeIP, connection }: ScaffoldHost, roles: string): string {
  const lines = [
    `    - name: ${scalar(name)}`,
    ...(connection === 'local' ? ['      connection: local # the machine on which kubewright runs'] : []),
    ...(address === name ? [] : [`      address: ${scalar(address)}`]),
    ...(nodeIP === undefined ? [] : [`      nodeIP: ${scalar(nodeIP)} # the address that other nodes use`]),
    `      roles: ${roles}`,
  ]
  return lines.join('\n')
}

function setting(key: string, value: string | number | undefined, example: string | number): string {
  return value === undefined ? `    # ${key}: ${example}` : `    ${key}: ${scalar(value)}`
}

/** Plain where no reader of YAML could take it for anything but this string. */
function scalar(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const word =
    /^[a-z~](?:[a-z0-9._/-]*[a-z0-9_])?$/.test(value) && !/^(?:true|false|null|yes|no|on|off|y|n|~)$/.test(value)
  return word || /^\d+\.\d+\.\d+\.\d+(?:\/\d+)?$/.test(value) ? value : quoted(value)
}

/** JSON strings are YAML strings, whatever they hold. */
function quoted(value: string): string {
  return /^[ -~]*$/.test(value) ? `'${value.replaceAll("'", "''")}'` : JSON.stringify(value)
}
