import type { Change, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'

/** SELinux permissive now, if it enforces. What it is after a reboot is said by its configuration file. */
export function permissiveSelinux(): Resource<string> {
  return {
    id: 'selinux:mode',
    probe: { script: sh`getenforce`, parse: (output) => output.trim() },
    compare: (mode): Change | undefined =>
      mode === 'Enforcing'
        ? {
            verb: 'run',
            summary: 'make SELinux permissive (it enforces)',
            impact: 'none',
            actions: [{ kind: 'run', command: sh`setenforce 0`, undo: 'inverse' }],
          }
        : undefined,
  }
}

/** The text of `/etc/selinux/config` that makes it permissive at boot; one that is disabled stays so. */
export function withPermissive(config: string): string {
  return config.replaceAll(/^(\s*SELINUX\s*=\s*)enforcing\b/gm, '$1permissive')
}

/** Files that carry the SELinux label which the policy has for their place. */
export function selinuxLabels(paths: readonly string[]): Resource<readonly string[]> {
  return {
    id: `selinux:labels:${paths[0] ?? ''}`,
    probe: {
      script: sh`restorecon -n -v ${paths} | sed -n 's/^Would relabel \([^ ]*\) .*/\1/p'`,
      parse: (output) => output.split('\n').filter((line) => line !== ''),
    },
    compare: (wrong): Change | undefined =>
      wrong.length === 0
        ? undefined
        : {
            verb: 'update',
            summary: `label ${wrong.join(', ')} for SELinux`,
            impact: 'none',
            actions: [{ kind: 'run', command: sh`restorecon ${wrong}`, undo: 'none' }],
          },
  }
}
