import { isDeepStrictEqual } from 'node:util'
import { isMap, isScalar, isSeq, parseDocument, type Document, type YAMLMap } from 'yaml'
import { KubewrightError } from '../engine/errors.ts'
import type { ScaffoldHost } from './scaffold.ts'

/** The text of an inventory without a host. All else stays as it is written, comments included; only the lines of its entry go. */
export function withoutHost(text: string, name: string): string {
  return edited(text, name, (document, index) => document.deleteIn(['spec', 'hosts', index]), lineWithout)
}

/**
 * The text of an inventory in which another host has the place of one: its roles, groups and settings, but neither its address
 * nor its key.
 */
export function withHostReplaced(text: string, name: string, by: ScaffoldHost): string {
  const change = (document: Document, index: number): void => {
    const path = (...keys: readonly string[]) => ['spec', 'hosts', index, ...keys]
    document.setIn(path('name'), by.name)
    for (const key of ['nodeIP', 'connection']) document.deleteIn(path(key))
    if (document.hasIn(path('ssh', 'hostKey'))) document.deleteIn(path('ssh', 'hostKey'))
    if (by.connection === 'local') {
      document.setIn(path('connection'), 'local')
      document.deleteIn(path('address'))
    } else if (by.address !== by.name || document.hasIn(path('address'))) document.setIn(path('address'), by.address)
  }
  return edited(text, name, change, (source, host) =>
    scalarsReplaced(source, host, { name: by.name, address: by.address }),
  )
}

type Splice = (text: string, host: YAMLMap) => string

/** Changes the document; its text is spliced where that says the same, since printing it anew may lay out the rest differently. */
function edited(
  text: string,
  name: string,
  change: (document: Document, index: number) => void,
  splice: Splice,
): string {
  const document = parseDocument(text)
  const hosts = document.getIn(['spec', 'hosts'])
  const items: readonly unknown[] = isSeq(hosts) ? hosts.items : []
  const index = items.findIndex((item) => isMap(item) && item.get('name') === name)
  const host = items[index]
  if (!isMap(host)) throw notEdited(name, 'spec.hosts has no entry of its own for it')
  const spliced = splice(text, host)
  try {
    change(document, index)
    const wanted: unknown = document.toJS()
    const found = parseDocument(spliced)
    if (found.errors.length === 0 && isDeepStrictEqual(found.toJS(), wanted)) return spliced
    return document.toString({ lineWidth: 0 })
  } catch (thrown) {
    throw notEdited(name, thrown instanceof Error ? thrown.message : String(thrown))
  }
}

function lineWithout(text: string, { range }: YAMLMap): string {
  if (!range) return text
  const start = text.lastIndexOf('\n', text.lastIndexOf('-', range[0] - 1)) + 1
  const end = text[range[1] - 1] === '\n' ? range[1] : text.indexOf('\n', range[1]) + 1
  return end === 0 ? text.slice(0, start) : text.slice(0, start) + text.slice(end)
}

function scalarsReplaced(text: string, host: YAMLMap, values: Readonly<Record<string, string>>): string {
  const places = Object.entries(values).flatMap(([key, value]) => {
    const node = host.get(key, true)
    return isScalar(node) && node.range ? [{ start: node.range[0], end: node.range[1], value }] : []
  })
  return places
    .toSorted((one, other) => other.start - one.start)
    .reduce((edited, { start, end, value }) => edited.slice(0, start) + value + edited.slice(end), text)
}

function notEdited(name: string, why: string): KubewrightError {
  return new KubewrightError({
    code: 'KW5024',
    exit: 'usage',
    message: `The inventory cannot be edited: ${why}`,
    hint: `Give the host ${name} an entry of its own below spec.hosts, without anchors that others use.`,
  })
}
