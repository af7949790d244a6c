import type { Change, Resource } from '../engine/resource.ts'
import { certificateFiles, type AuthoritySpec } from '../pki/certificates.ts'
import { authorityCertificate, type AuthoritySource } from './authority.ts'
import { file } from './file.ts'
import { pathProbe, type PathState } from './path.ts'

/** The certificate of an authority on a host that has no key of it; `known` is its content once it has been observed. */
export function caCertificateFile(
  spec: AuthoritySpec,
  source: AuthoritySource,
  known: string | undefined,
): Resource<PathState> {
  const path = certificateFiles(spec).certificate
  if (known !== undefined) return file(path, known)
  return {
    id: `file:${path}`,
    probe: pathProbe([{ path }], (at) => at(path)),
    compare(state): Change | undefined {
      if (state.kind === 'file') return undefined
      const content = authorityCertificate(spec, source)
      return {
        verb: 'create',
        summary: `write ${path} (${content.description})`,
        impact: 'none',
        actions: [{ kind: 'write', path, content, mode: 0o644, undo: 'restore' }],
      }
    },
  }
}
