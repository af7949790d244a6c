import type { Cluster } from '../inventory/cluster.ts'
import { pluginOf } from './plugin.ts'
import { type Cell, type NetworkReport, unknownFacts } from './report.ts'

/** The cells of a report in the light of what else is known: what there is no need for is skipped, and what only seems to work fails. */
export function judgedCells(report: NetworkReport, cluster: Pick<Cluster, 'cni'>): readonly Cell[] {
  const cells = report.cells.map((cell) => {
    if (cell.kind === 'outside') return withoutInternet(cell, report)
    return cell.kind === 'mtu' ? withoutRoom(cell, report, cluster) : cell
  })
  const { title, policies } = pluginOf(cluster)
  if (policies) return cells
  const detail = `${title} has no policies`
  return [...cells, { kind: 'blocked', from: '-', to: undefined, state: 'skipped', detail }]
}

/** A cluster without internet is as good. */
function withoutInternet(cell: Cell, { facts }: NetworkReport): Cell {
  if (cell.state !== 'failed' || facts.get(cell.from)?.resolvesOutside === true) return cell
  return { ...cell, state: 'skipped', detail: 'the node resolves no name of the internet either' }
}

/** A packet for which a device has no room gets through in pieces, or is lost: the kernel learns of it, and the test with it. */
function withoutRoom(cell: Cell, { facts }: NetworkReport, cluster: Pick<Cluster, 'cni'>): Cell {
  const { overhead, way } = pluginOf(cluster)
  const { podMtu } = facts.get(cell.from) ?? unknownFacts
  if (cell.state !== 'ok' || podMtu === undefined || way === undefined) return cell
  const tight = [cell.from, cell.to].find((node = '') => {
    const { device } = facts.get(node) ?? unknownFacts
    return device !== undefined && podMtu + overhead > device.mtu
  })
  const device = facts.get(tight ?? '')?.device
  if (device === undefined) return cell
  const detail = `${device.name} of ${tight} carries ${device.mtu} bytes, and packets of pods have ${podMtu}${overhead > 0 ? ` and ${overhead} of ${way}` : ''}`
  return { ...cell, state: 'failed', detail }
}
