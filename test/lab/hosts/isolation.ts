import { $, ask } from '../shell.ts'
import { managementNetwork, nodeNetwork, type LabDefinition } from './definition.ts'

/**
 * Cuts a lab's hosts off from everything but each other and this machine. A stray connection then fails at once, as it
 * does where there is no way out, instead of meeting whatever the machine's own network answers with.
 */
export async function isolate(lab: LabDefinition): Promise<void> {
  const bridges = await Promise.all([nodeNetwork(lab.name), managementNetwork(lab.name)].map(bridgeOf))
  const rules = bridges
    .filter((bridge) => bridge !== '')
    .flatMap((bridge) => {
      const leaving = `iifname "${bridge}" oifname != "${bridge}" ct state new`
      return [`${leaving} meta l4proto tcp reject with tcp reset`, `${leaving} reject`]
    })
  const table = `inet ${tableOf(lab.name)}`
  const ruleset = [
    `table ${table}`, // so that there is one to delete
    `delete table ${table}`,
    `table ${table} {\nchain forward {\ntype filter hook forward priority -5; policy accept;\n${rules.join('\n')}\n}\n}\n`,
  ].join('\n')
  await $({ input: ruleset })`nft -f -`
}

/** Takes the rules of `isolate` away. */
export async function endIsolation(name: string): Promise<void> {
  await ask`nft delete table inet ${tableOf(name)}`
}

function tableOf(name: string): string {
  return `kubewright_lab_${name}`
}

async function bridgeOf(network: string): Promise<string> {
  const { stdout } = await ask`podman network inspect ${network}`
  return /"network_interface": "([^"]+)"/.exec(stdout)?.[1] ?? ''
}
