import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Handlebars from 'handlebars'
import { packageRoot } from '../package.ts'
import { parseYaml, parseYamlDocuments } from './yaml.ts'
import type { Mapping } from './yaml.ts'

export { printYaml } from './yaml.ts'

/** What a template is a function of: plain objects, since Handlebars does not call a class's getters. */
export type View = Readonly<Record<string, unknown>>

type Template = Handlebars.TemplateDelegate<View>

const engine = Handlebars.create()
const templates = new Map<string, Template>()

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
    return compiled(templatePath)(view)
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

/** Where the templates are. */
export const templatesDirectory = join(packageRoot, 'templates')

function compiled(templatePath: string): Template {
  const known = templates.get(templatePath)
  if (known !== undefined) return known
  const template = engine.compile<View>(readFileSync(join(templatesDirectory, templatePath), 'utf8'), {
    noEscape: true,
    strict: true,
    knownHelpers: { json: true },
    knownHelpersOnly: true,
  })
  templates.set(templatePath, template)
  return template
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
