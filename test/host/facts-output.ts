import { parseFacts } from '../../src/host/facts-script.ts'
import type { Facts } from '../../src/host/facts.ts'
import type { Host } from '../../src/inventory/cluster.ts'
import { hostOf } from '../support/facts.ts'

/** Sent at 1000 s, received 100 ms later. */
export const timing = { sentAt: 1_000_000, receivedAt: 1_000_100 }

/** The facts in an output of these sections. */
export function parsed(sections: Readonly<Record<string, string>>, host: Partial<Host> = {}): Facts {
  const output = Object.entries(sections).map(([name, body]) => `\n\u001e${name}\n${body}\n`)
  return parseFacts(output.join(''), hostOf(host), timing)
}

/** What `head -v` prints for several files. */
export function files(contents: Readonly<Record<string, string>>): string {
  return Object.entries(contents)
    .map(([path, text]) => `==> ${path} <==\n${text}\n`)
    .join('\n')
}
