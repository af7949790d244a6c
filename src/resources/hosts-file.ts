import type { Resource } from '../engine/resource.ts'
import { lines, sh } from '../transport/command.ts'
import { editOf, parseTextState, textProbe, type TextState } from './edited-file.ts'

const path = '/etc/hosts'
const begin = '# BEGIN kubewright'
const end = '# END kubewright'
const block = new RegExp(`${begin}\\n([^]*?)${end}\\n?`)

export interface HostName {
  readonly name: string
  readonly address: string
}

export interface NamesState extends TextState {
  /** Names that resolve, by whatever source; those of our block are among them. */
  readonly resolved: readonly string[]
}

/**
 * Names that the host can resolve. Those that it can not resolve otherwise stand in a block of `/etc/hosts` between two
 * markers; what is outside of the block is never touched.
 */
export function resolvableNames(names: readonly HostName[]): Resource<NamesState> {
  return {
    id: `edit:${path}`,
    probe: {
      // A resolver without an answer can take half a minute.
      script: lines(
        ...names.map(({ name }) => sh`timeout 5 getent hosts ${name} >/dev/null && echo ${name}`),
        sh`echo`,
        textProbe(path),
      ),
      parse: parseNames,
    },
    compare(state) {
      const ours = new Set((block.exec(state.text)?.[1] ?? '').split(/\s+/))
      const entries = names.filter(({ name }) => ours.has(name) || !state.resolved.includes(name))
      const listed = entries.map(({ name }) => name).join(', ')
      const why = entries.length > 0 ? `resolve ${listed}` : 'names that are no longer needed'
      return editOf(state, withBlock(state.text, entries), { why, create: true })
    },
  }
}

function withBlock(text: string, entries: readonly HostName[]): string {
  const lines = entries.map(({ name, address }) => `${address} ${name}\n`).join('')
  const wanted = entries.length === 0 ? '' : `${begin}\n${lines}${end}\n`
  if (block.test(text)) return text.replace(block, wanted)
  return wanted === '' || text === '' || text.endsWith('\n') ? text + wanted : `${text}\n${wanted}`
}

function parseNames(output: string): NamesState {
  const at = output.startsWith('\n') ? 0 : output.indexOf('\n\n') + 1
  return {
    ...parseTextState(output.slice(at + 1)),
    resolved: output
      .slice(0, at)
      .split('\n')
      .filter((line) => line !== ''),
  }
}
