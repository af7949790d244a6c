import type { ApplyResult } from '../../engine/apply.ts'
import { binarySize } from '../../host/size.ts'
import type { Traffic } from '../../transport/transport.ts'
import type { Style } from '../style.ts'
import { counted, duration, table } from './text.ts'

/** What a run was about. */
export interface RunFacts {
  readonly verb: string
  /** How many changes the plan had. */
  readonly planned: number
  /** Milliseconds. */
  readonly elapsed: number
}

/** The last words of a run: what is done, and how to continue. Empty when nothing had to be done. */
export function outcomeText({ outcome, changes }: ApplyResult, run: RunFacts, style: Style): string {
  const done = changes > run.planned ? counted(changes, 'change') : `${changes} of ${counted(run.planned, 'change')}`
  const verb = changes === 1 ? 'is' : 'are'
  const again = `kubewright ${run.verb}`
  if (outcome === 'failed') {
    return style(
      'bad',
      `Failed: ${done} ${verb} done. Mend what is named above and run \`${again}\` again; it continues from here.`,
    )
  }
  if (outcome === 'interrupted') {
    return style(
      'warning',
      `Stopped: ${done} ${verb} done, and the running action was finished. \`${again}\` continues from here.`,
    )
  }
  return changes === 0 ? '' : style('good', `Done: ${counted(changes, 'change')} in ${duration(run.elapsed)}.`)
}

/** What was sent to each host, for those who want to know. */
export function trafficText(traffic: ReadonlyMap<string, Traffic>): string {
  return table(
    [...traffic].map(([host, { executions, bytesSent, bytesReceived }]) => [
      `[${host}]`,
      counted(executions, 'execution'),
      `${binarySize(bytesSent)} sent`,
      `${binarySize(bytesReceived)} received`,
    ]),
  )
}
