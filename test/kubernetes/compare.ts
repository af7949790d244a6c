import { isDeepStrictEqual } from 'node:util'
import { isMapping } from '../../src/render/yaml.ts'

/** One place in which two documents differ; a value that is undefined is not there. */
export interface Discrepancy {
  /** A JSON pointer; members of lists by their number. */
  readonly path: string
  readonly ours: unknown
  readonly kubeadm: unknown
}

/** All places in which two documents differ, mapping by mapping; lists of mappings member by member. */
export function discrepancies(ours: unknown, kubeadm: unknown, path = ''): readonly Discrepancy[] {
  if (isDeepStrictEqual(ours, kubeadm)) return []
  if (isMapping(ours) && isMapping(kubeadm)) {
    const names = [...new Set([...Object.keys(ours), ...Object.keys(kubeadm)])]
    return names.flatMap((name) => discrepancies(ours[name], kubeadm[name], `${path}/${name.replaceAll('/', '~1')}`))
  }
  const sameLists = Array.isArray(ours) && Array.isArray(kubeadm) && ours.length === kubeadm.length
  if (sameLists && [...ours, ...kubeadm].every(isMapping)) {
    return ours.flatMap((member, index) => discrepancies(member, kubeadm[index], `${path}/${index}`))
  }
  return [{ path, ours, kubeadm }]
}

/** Whether a value is what Go writes for a field that nobody set, all the way down. */
export function isZero(value: unknown): boolean {
  if (isMapping(value)) return Object.values(value).every(isZero)
  if (Array.isArray(value)) return value.length === 0
  return [null, '', 0, false, '0', '0s', undefined].some((zero) => zero === value)
}
