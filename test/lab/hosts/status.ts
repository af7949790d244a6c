import { readLab } from './definition.ts'
import { knownLabs } from './owners.ts'
import { answers, labContainers } from './podman.ts'

/** A table of all labs and hosts. */
export async function statusTable(): Promise<string> {
  const running = new Set((await labContainers()).map((container) => container.name))
  const rows = [['LAB', 'HOST', 'ROLE', 'ADDRESS', 'NODE IP', 'DEBIAN', 'STATE', 'CHECKOUT']]
  for (const { name, elsewhere } of await knownLabs()) {
    const lab = await readLab(name, elsewhere)
    if (lab === undefined) rows.push([name, '-', '-', '-', '-', '-', 'remains of a lab: take it down'])
    for (const host of lab?.hosts ?? []) {
      const state = !running.has(host.container) ? 'missing' : (await answers(host.container)) ? 'up' : 'down'
      rows.push([
        name,
        host.name,
        host.role,
        host.address,
        host.nodeIP,
        lab?.topology.suite ?? '',
        state,
        elsewhere ?? '',
      ])
    }
  }
  if (rows.length === 1) return 'No lab is up.'
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
