import { keepalivedFiles } from '../../kubernetes/keepalived.ts'
import type { Context } from '../context.ts'

/** Whether a keepalived of ours may hold the address of the API. */
export function hasOurKeepalived({ facts }: Pick<Context, 'facts'>): boolean {
  return Object.values(keepalivedFiles).some((path) => facts.state.installed[path] !== undefined)
}
