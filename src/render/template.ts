import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Handlebars from 'handlebars'
import { parseYaml, parseYamlDocuments } from './yaml.ts'
import type { Mapping } from './yaml.ts'

export { printYaml } from './yaml.ts'

/** What a template is a function of: plain objects, since Handlebars does not call a class's getters. */
export type View = Readonly<Record<string, unknown>>

interface Source {
  readonly text: string
  readonly render: Handlebars.TemplateDelegate<View>
}

const engine = Handlebars.create()
const sources = new Map<string, Source>()

// JSON is YAML, so no value needs quoting or indentation of its own.
engine.registerHelper(
  'json',
  (value: unknown, options: { readonly loc?: { readonly start: { readonly line: number } } }) => {
    const line = options.loc?.start.line
    if (value === undefined) throw new Error(`line ${line ?? '?'}: a value is missing`)
    return JSON.stringify(value)
  },
)

/** Renders a template, named by its path below `templates/`; a value that the view lacks is an error. */
export function renderText(templatePath: string, view: View): string {
  try {
    return sourceOf(templatePath).render(view)
  } catch (error) {
    throw new Error(`template ${templatePath}: ${messageOf(error)}`, { cause: error })
  }
}

/** Renders a template and reads it as one YAML mapping; a key that is there twice is an error. */
export function renderYaml(templatePath: string, view: View): Mapping {
  return parseYaml(renderText(templatePath, view), `template ${templatePath}`)
}

/** Renders a template of several YAML documents. */
export function renderYamlDocuments(templatePath: string, view: View): readonly Mapping[] {
  return parseYamlDocuments(renderText(templatePath, view), `template ${templatePath}`)
}

/** The text of a template as it is on disk, for digests of saved plans. */
export function templateText(templatePath: string): string {
  return sourceOf(templatePath).text
}

/** The directory of the templates: the package's own, from `src/` and from `dist/src/` alike. */
export function templatesDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, 'package.json'))) {
    const parent = dirname(directory)
    if (parent === directory) throw new Error('The package kubewright is incomplete: it has no package.json.')
    directory = parent
  }
  return join(directory, 'templates')
}

function sourceOf(templatePath: string): Source {
  const known = sources.get(templatePath)
  if (known !== undefined) return known
  const text = readFileSync(join(templatesDirectory(), templatePath), 'utf8')
  const render = engine.compile<View>(text, {
    noEscape: true,
    strict: true,
    knownHelpers: { json: true },
    knownHelpersOnly: true,
  })
  const source = { text, render }
  sources.set(templatePath, source)
  return source
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
