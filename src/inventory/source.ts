import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml'
import type { InventoryCode } from './codes.ts'
import { renderPath, type Finding, type InventoryPath, type InventoryProblem } from './problem.ts'

/** An inventory's text, parsed, with the place of each value. */
export interface SourceFile {
  readonly file: string
  readonly document: Document
  readonly lines: LineCounter
  readonly data: unknown
}

/** Parses YAML; the problems of its syntax, if it has any, come with line and column. */
export function parseSource(file: string, text: string): SourceFile | readonly InventoryProblem[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const problemAt = (offset: number, code: InventoryCode, message: string, hint: string): InventoryProblem => {
    const { line, col } = lines.linePos(offset)
    return { code, file, line, column: col, path: '', message, hint }
  }
  const problems = document.errors.map((error) => {
    const [code, message, hint] = syntaxMessage(error.code, error.message, text.slice(error.pos[0]))
    return problemAt(error.pos[0], code, message, hint)
  })
  problems.push(
    ...danglingAliases(document).map(([name, offset]) =>
      problemAt(offset, 'KW1001', `there is no anchor &${name} before *${name}`, 'to write a *, quote the text'),
    ),
  )
  if (problems.length > 0) return withoutSequels(problems)
  try {
    return { file, document, lines, data: document.toJS({ maxAliasCount: 100 }) as unknown }
  } catch (error) {
    return [problemAt(0, 'KW1001', error instanceof Error ? error.message : String(error), 'use fewer aliases')]
  }
}

/** A tab breaks the structure around it, which is no problem of its own; and the first tab says what to do about all. */
function withoutSequels(problems: readonly InventoryProblem[]): readonly InventoryProblem[] {
  const tab = problems.find(({ code }) => code === 'KW1002')
  if (tab === undefined) return problems
  return [tab, ...problems.filter(({ code }) => code !== 'KW1002' && code !== 'KW1001')]
}

function syntaxMessage(code: string, message: string, from: string): [InventoryCode, string, string] {
  switch (code) {
    case 'TAB_AS_INDENT':
      return ['KW1002', 'a tab is used for indentation', 'YAML is indented by spaces only: replace each tab']
    case 'DUPLICATE_KEY':
      return ['KW1003', `the key ${from.split(/[:\n]/)[0]} is written twice`, 'merge the two, or remove one']
    case 'MULTIPLE_DOCS':
      return [
        'KW1001',
        'the file has several YAML documents',
        'an inventory is one document: remove the --- between them',
      ]
    default:
      return ['KW1001', `not valid YAML: ${message}`, 'look at this line and the one before it']
  }
}

function danglingAliases(document: Document): [string, number][] {
  const dangling: [string, number][] = []
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined) dangling.push([alias.source, alias.range?.[0] ?? 0])
    },
  })
  return dangling
}

/** Places a finding in its file. */
export function locate(source: SourceFile, finding: Finding): InventoryProblem {
  const place = descend(source, finding.path)
  // What is missing is reported at the key of the map in which it is missing.
  const offset = finding.at === 'key' || !place.complete ? place.keyOffset : place.valueOffset
  const { line, col } = source.lines.linePos(offset)
  const { code, message, hint } = finding
  return { code, file: source.file, line, column: col, path: renderPath(finding.path), message, hint }
}

/** How a scalar is written in the file: `1.30` where the value is 1.3. */
export function writtenAs(source: SourceFile, path: InventoryPath): string | undefined {
  const { node, complete } = descend(source, path)
  return complete && isScalar(node) ? node.source : undefined
}

interface Place {
  readonly node: Node | null
  readonly keyOffset: number
  readonly valueOffset: number
  /** Whether the whole path exists; the place is the deepest that does otherwise. */
  readonly complete: boolean
}

function descend(source: SourceFile, path: InventoryPath): Place {
  const root = source.document.contents
  const start = root?.range?.[0] ?? 0
  let place: Place = { node: root, keyOffset: start, valueOffset: start, complete: true }
  for (const step of path) {
    const next = stepInto(source.document, place, step)
    if (!next) return { ...place, complete: false }
    place = next
  }
  return place
}

function stepInto(document: Document, from: Place, step: string | number): Place | undefined {
  const node = isAlias(from.node) ? from.node.resolve(document) : from.node
  if (isSeq<Node>(node)) {
    const item = node.items[Number(step)]
    const offset = item?.range?.[0] ?? from.valueOffset
    return item && { node: item, keyOffset: offset, valueOffset: offset, complete: true }
  }
  if (!isMap<Node, Node | null>(node)) return undefined
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
  if (!pair) return undefined
  const keyOffset = pair.key.range?.[0] ?? from.keyOffset
  return { node: pair.value, keyOffset, valueOffset: pair.value?.range?.[0] ?? keyOffset, complete: true }
}
