import { KubewrightError } from '../engine/errors.ts'
import type { ScaffoldHost } from '../inventory/scaffold.ts'

/** A host as flags name it: `w1=192.0.2.21`, `w1` (an alias of ~/.ssh/config or a DNS name), or `this=local`. */
export function hostArgument(text: string): ScaffoldHost {
  const [name = '', address = name, ...rest] = text.split('=').map((part) => part.trim())
  if (name === '' || address === '' || rest.length > 0) {
    throw new KubewrightError({
      code: 'KW5003',
      exit: 'usage',
      message: `${JSON.stringify(text)} is not a host`,
      hint: 'Write name=address, as in w1=192.0.2.21.',
    })
  }
  return address === 'local' ? { name, address: name, connection: 'local' } : { name, address }
}
