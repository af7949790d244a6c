/** A certificate, key or kubeconfig that cannot be read or made. The message never quotes the material itself. */
export class PkiError extends Error {
  override readonly name = 'PkiError'
}
