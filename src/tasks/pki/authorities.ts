import { task } from '../../engine/task.ts'
import { authorities } from '../../pki/certificates.ts'
import { authority, serviceAccountKeys } from '../../resources/authority.ts'
import type { Context } from '../context.ts'
import { authoritySource } from '../control-planes.ts'

/** The three authorities and the service account pair: kept where they are, made once where there are none. */
export const pkiAuthorities = task<Context>({
  name: 'pki/authorities',
  summary: 'Certificate authorities',
  resources(context) {
    const source = authoritySource(context)
    return [...authorities.map((spec) => authority(spec, source, context.now)), serviceAccountKeys(source)]
  },
})
