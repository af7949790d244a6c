import { task } from '../../engine/task.ts'
import { editedFile } from '../../resources/edited-file.ts'
import { permissiveSelinux, withPermissive } from '../../resources/selinux.ts'
import type { Context } from '../context.ts'

/** Makes SELinux permissive where the inventory asks for it; otherwise host/packages brings the policy for containers. */
export const hostSelinux = task<Context>({
  name: 'host/selinux',
  summary: 'Make SELinux permissive',
  resources: ({ host, facts }) => {
    if (host.selinux === 'leave' || facts.selinux === 'absent') return []
    const atBoot = editedFile('/etc/selinux/config', withPermissive, { why: 'permissive after a reboot' })
    return [atBoot, permissiveSelinux()]
  },
})
