import type { Change, Finding, Resource } from '../engine/resource.ts'
import { lines, sh } from '../transport/command.ts'

/** Effective values by key, and what other files say about these keys, in the order in which the host has them. */
export interface SysctlState {
  readonly values: Readonly<Record<string, string>>
  readonly elsewhere: readonly { readonly path: string; readonly key: string; readonly value: string }[]
}

/**
 * Values that the running kernel shall have. They are made persistent by `file`, which is another resource; a file that is read
 * after it at boot and says otherwise is a finding, since it is not ours to edit.
 */
export function sysctlValues(wanted: Readonly<Record<string, string>>, file: string): Resource<SysctlState> {
  const keys = Object.keys(wanted)
  const pattern = `^ *-?(${keys.map((key) => key.replaceAll('.', '[./]')).join('|')}) *=`
  return {
    id: 'sysctl:effective',
    probe: {
      script: lines(
        ...keys.map((key) => sh`echo "${key}=$(cat ${pathOf(key)} 2>/dev/null)"`),
        sh`grep -HEs ${pattern} /etc/sysctl.d/*.conf /run/sysctl.d/*.conf /usr/local/lib/sysctl.d/*.conf /usr/lib/sysctl.d/*.conf`,
      ),
      parse: parseSysctl,
    },
    compare({ values }): Change | undefined {
      const wrong = keys.filter((key) => values[key] !== wanted[key])
      if (wrong.length === 0) return undefined
      const commands = wrong.map((key) => sh`printf '%s\n' ${wanted[key] ?? ''} >${pathOf(key)}`)
      return {
        verb: 'update',
        summary: `set ${wrong.map((key) => `${key} = ${wanted[key]} (${isNow(values[key])})`).join(', ')}`,
        impact: 'none',
        actions: [{ kind: 'run', command: lines(...commands), undo: 'inverse' }],
      }
    },
    examine: ({ elsewhere }) =>
      elsewhere.flatMap(({ path, key, value }) =>
        wanted[key] === undefined || value === wanted[key] || baseName(path) <= baseName(file)
          ? []
          : [overridden(path, key, value, file)],
      ),
  }
}

function overridden(path: string, key: string, value: string, file: string): Finding {
  return {
    check: 'SysctlOverride',
    severity: 'warning',
    message: `${path} sets ${key} = ${value}, and is read after ${file} at boot`,
    hint: `Remove the line from ${path}, or the value is wrong again after a reboot.`,
  }
}

function parseSysctl(output: string): SysctlState {
  const rows = output.split('\n').filter((line) => line !== '')
  return {
    values: Object.fromEntries(rows.filter((line) => !isElsewhere(line)).map((line) => assignment(line))),
    elsewhere: rows.filter(isElsewhere).map((line) => {
      const [path = ''] = line.split(':', 1)
      const [key, value] = assignment(line.slice(path.length + 1))
      return { path, key: key.replace(/^-/, '').replaceAll('/', '.'), value }
    }),
  }
}

function isElsewhere(line: string): boolean {
  return line.startsWith('/')
}

function assignment(line: string): [key: string, value: string] {
  const at = line.indexOf('=')
  return [
    line.slice(0, at).trim(),
    line
      .slice(at + 1)
      .trim()
      .replaceAll(/\s+/g, ' '),
  ]
}

function isNow(value: string | undefined): string {
  return value === undefined || value === '' ? 'is not there yet' : `is ${value}`
}

function pathOf(key: string): string {
  return `/proc/sys/${key.replaceAll('.', '/')}`
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
