import { type Document, isMap, isSeq, parseDocument, type YAMLMap } from 'yaml'
import { KubewrightError } from '../engine/errors.ts'

type Kind = 'cluster' | 'context' | 'user'

/** What is added to a kubeconfig: the current context of another one. */
export interface KubeconfigEntry {
  readonly cluster: unknown
  readonly user: unknown
}

/** Reads the cluster and the user of a kubeconfig's current context; undefined if it has none. Nothing of it is quoted. */
export function currentEntry(text: string): KubeconfigEntry | undefined {
  const document = parsed(text)
  const context = valueOf(document, 'context', document?.get('current-context'))
  const cluster = valueOf(document, 'cluster', context?.get('cluster'))
  const user = valueOf(document, 'user', context?.get('user'))
  return cluster === undefined || user === undefined ? undefined : { cluster: cluster.toJSON(), user: user.toJSON() }
}

/**
 * Adds a cluster to a kubeconfig as cluster and context `name` and user `<name>-admin`. What was called so before is replaced,
 * all else stays, comments and the current context included; where there is none, it is the new one.
 */
export function mergeKubeconfig(existing: string | undefined, entry: KubeconfigEntry, name: string): string {
  const blank = existing === undefined || existing.trim() === ''
  const document = parsed(blank ? 'apiVersion: v1\nkind: Config\n' : existing)
  if (document === undefined || !isMap(document.contents)) throw notAKubeconfig()
  const user = `${name}-admin`
  put(document, 'cluster', name, entry.cluster)
  put(document, 'context', name, { cluster: name, user })
  put(document, 'user', user, entry.user)
  const current: unknown = document.get('current-context')
  if (typeof current !== 'string' || current === '') document.set('current-context', name)
  return document.toString({ lineWidth: 0, indentSeq: false })
}

// kubectl reads YAML 1.1, in which a cluster named `no` has to be quoted; pretty errors would quote a line, which may be a key.
function parsed(text: string): Document | undefined {
  const document = parseDocument(text, { version: '1.1', prettyErrors: false, logLevel: 'silent' })
  return document.errors.length > 0 ? undefined : document
}

function valueOf(document: Document | undefined, kind: Kind, name: unknown): YAMLMap | undefined {
  const entries = document?.get(`${kind}s`)
  if (!isSeq(entries)) return undefined
  const value = entries.items.find((item) => isMap(item) && item.get('name') === name)
  const inner = isMap(value) ? value.get(kind) : undefined
  return isMap(inner) ? inner : undefined
}

function put(document: Document, kind: Kind, name: string, value: unknown): void {
  const entry = document.createNode({ [kind]: value, name })
  const entries = document.get(`${kind}s`)
  if (!isSeq(entries)) {
    if (entries !== undefined && entries !== null) throw notAKubeconfig()
    document.set(`${kind}s`, document.createNode([entry]))
    return
  }
  const index = entries.items.findIndex((item) => isMap(item) && item.get('name') === name)
  if (index >= 0) entries.items[index] = entry
  else {
    entries.flow = entries.flow === true && entries.items.length > 0 // `clusters: []` grows into a block
    entries.items.push(entry)
  }
}

function notAKubeconfig(): KubewrightError {
  return new KubewrightError({
    code: 'KW5008',
    exit: 'usage',
    message: 'The file to merge into is not a kubeconfig',
    hint: 'It was left as it is. Name another one by --out, or write a new file without --merge.',
  })
}
