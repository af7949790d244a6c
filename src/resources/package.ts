import type { Change, Finding, Resource, Run } from '../engine/resource.ts'
import { scriptFile } from '../host/script.ts'
import type { Proxy } from '../inventory/cluster.ts'
import { Secret, lines, sh, type Command } from '../transport/command.ts'

export type PackageManager = 'apt' | 'dnf'

/** A program on PATH (or a file, by its absolute path) and the package that brings it. */
export interface Need {
  readonly provides: string
  readonly apt: string
  readonly dnf: string
}

export interface Installer {
  readonly manager: PackageManager | undefined
  readonly proxy: Proxy | undefined
}

/**
 * Programs that shall be there, by whatever package or by hand: what is there is never upgraded. One action installs the
 * packages of all that are missing.
 */
export function packages(needs: readonly Need[], installer: Installer): Resource<readonly string[]> {
  const { manager } = installer
  return {
    id: 'packages',
    probe: {
      script: sh`for kw_need in ${needs.map((need) => need.provides)}; do
case $kw_need in /*) [ -e "$kw_need" ] ;; *) command -v "$kw_need" >/dev/null ;; esac || echo "$kw_need"
done`,
      parse: (output) => output.split('\n').filter((line) => line !== ''),
    },
    compare(missing): Change | undefined {
      if (missing.length === 0 || manager === undefined) return undefined
      const names = packagesOf(needs, missing, manager)
      return {
        verb: 'run',
        summary: `install packages ${names.join(', ')} (for ${missing.join(', ')})`,
        impact: 'none',
        actions: [installation(installer, manager, names)],
      }
    },
    examine: (missing) => (missing.length > 0 && manager === undefined ? [byHand(missing)] : []),
  }
}

/** The action that installs packages; the proxy, which may hold a password, travels on stdin. */
export function installation(
  { proxy }: Pick<Installer, 'proxy'>,
  manager: PackageManager,
  names: readonly string[],
  then?: Command,
): Run {
  return {
    kind: 'run',
    command: lines(scriptFile('host/packages.sh'), sh`kw_install ${manager} ${names}`, then),
    input: proxy === undefined ? '' : new Secret(manager === 'apt' ? aptProxy(proxy) : dnfProxy(proxy)),
    undo: 'none',
  }
}

function packagesOf(needs: readonly Need[], missing: readonly string[], manager: PackageManager): readonly string[] {
  return [...new Set(needs.filter((need) => missing.includes(need.provides)).map((need) => need[manager]))].sort()
}

function byHand(missing: readonly string[]): Finding {
  return {
    check: 'PackageManager',
    severity: 'error',
    message: `${missing.join(', ')} missing, and the host has neither apt nor dnf`,
    hint: 'Install them by the means of the operating system.',
  }
}

function aptProxy({ http, https, noProxy }: Proxy): string {
  const direct = noProxy.filter((host) => /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/.test(host))
  const settings = Object.entries({ http, https }).flatMap(([scheme, url]) =>
    url === undefined
      ? []
      : [
          `Acquire::${scheme}::Proxy "${url}";`,
          ...direct.map((host) => `Acquire::${scheme}::Proxy::${host} "DIRECT";`),
        ],
  )
  return settings.map((setting) => `${setting}\n`).join('')
}

function dnfProxy({ http, https }: Proxy): string {
  // dnf.conf, to whose last section this is added, may lack the last line's end.
  return `\nproxy=${https ?? http ?? ''}\n`
}
