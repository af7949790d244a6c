import type { ErrorDetails, KubewrightError } from '../../engine/errors.ts'
import type { Style } from '../style.ts'
import { groupByHost, withoutName } from './same.ts'
import { counted, indented } from './text.ts'

/**
 * All errors for a person, the same one of several hosts once: code, hosts, one sentence, resource, what the host said, what to
 * do. Never a stack trace.
 */
export function errorsText(errors: readonly KubewrightError[], style: Style): string {
  const all = errors.map(({ details }) => details)
  const groups = groupByHost(all, sameness, ({ host }) => host)
  const texts = groups.map(({ item, hosts }) => errorText(item, hosts, style))
  const places = new Set(all.flatMap(({ host }) => (host === undefined ? [] : [host])))
  if (groups.length > 1) {
    const where = places.size > 1 ? ` on ${counted(places.size, 'host')}` : ''
    texts.push(style('bad', `${counted(all.length, 'error')}${where}.`))
  }
  return texts.join('\n\n')
}

function sameness({ code, message, hint, host, resource, output }: ErrorDetails): string {
  const texts = [message, hint, output ?? ''].map((text) => withoutName(text, host))
  return JSON.stringify([code, resource, ...texts])
}

function errorText(details: ErrorDetails, hosts: readonly string[], style: Style): string {
  const { code, resource, host } = details
  const shared = hosts.length > 1
  const shown = (text: string): string => (shared ? withoutName(text, host) : text)
  const place = hosts.length === 0 ? '' : ` ${style('place', `[${hosts.join(', ')}]`)}`
  const lines = [`${style('bad', `error ${code}`)}${place} ${style('strong', shown(details.message))}`]
  if (resource !== undefined && !details.message.includes(resource)) lines.push(`  resource: ${resource}`)
  if (details.output !== undefined && details.output.trim() !== '') {
    lines.push(style('faint', indented(shown(details.output), '  | ')))
  }
  if (details.hint !== '') lines.push(`  What to do: ${shown(details.hint)}`)
  return lines.join('\n')
}
