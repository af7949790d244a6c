import type { Change, Resource } from '../engine/resource.ts'
import { sh } from '../transport/command.ts'

/** A module that the running kernel has, loaded or built in. */
export function kernelModule(name: string): Resource<boolean> {
  return {
    id: `module:${name}`,
    probe: { script: sh`kw_module ${name}`, parse: (output) => output.startsWith('present') },
    compare: (present): Change | undefined =>
      present
        ? undefined
        : {
            verb: 'run',
            summary: `load kernel module ${name}`,
            impact: 'none',
            // Its opposite could take the module away from someone who came to need it in the meantime.
            actions: [{ kind: 'run', command: sh`modprobe ${name}`, undo: 'none' }],
          },
  }
}
