import type { Lab } from '../../lab/index.ts'
import { $, ask } from '../../lab/shell.ts'

/** This machine as a lab's hosts see it: the only thing besides each other that they can reach. */
export interface Gateway {
  /** Where the proxy and what is only reached through it are. */
  readonly address: string
  /** A second address, where the registry is. */
  readonly registry: string
  readonly bridge: string
  /** 10.89.N.0/24 */
  readonly subnet: string
}

/** Gives the machine a second address in the network of a lab. */
export async function openGateway({ hosts }: Lab): Promise<Gateway> {
  const network = hosts[0]?.nodeIP.replace(/\.\d+$/, '') ?? ''
  const gateway = { address: `${network}.1`, registry: `${network}.2`, subnet: `${network}.0/24` }
  const { stdout } = await $`ip -brief address show to ${gateway.address}`
  const bridge = stdout.split(/\s/)[0] ?? ''
  await ask`ip address add ${`${gateway.registry}/32`} dev ${bridge}`
  return { ...gateway, bridge }
}

/** From now on the hosts reach the proxy's port and the registry's on this machine, and nothing else of it. */
export async function closeGateway({ address, registry, bridge }: Gateway, lab: Lab): Promise<void> {
  const coming = `iifname "${bridge}"`
  const rules = [
    `${coming} ct state established,related accept`,
    `${coming} ip daddr ${address} tcp dport ${ports.proxy} accept`,
    `${coming} ip daddr ${registry} tcp dport ${ports.registry} accept`,
    `${coming} meta l4proto tcp reject with tcp reset`,
    `${coming} meta l4proto udp reject`,
  ]
  const table = `inet ${tableOf(lab)}`
  const chain = `chain input {\ntype filter hook input priority -10; policy accept;\n${rules.join('\n')}\n}`
  await $({ input: `table ${table}\ndelete table ${table}\ntable ${table} {\n${chain}\n}\n` })`nft -f -`
}

/** Takes away what the two above have made; the second address goes with the network. */
export async function removeGateway(lab: Lab): Promise<void> {
  await ask`nft delete table inet ${tableOf(lab)}`
}

/** Where the services listen. */
export const ports = { proxy: 8888, registry: 5000, files: 8081 } as const

function tableOf({ name }: Lab): string {
  return `kubewright_private_${name}`
}
