import { KubewrightError } from '../engine/errors.ts'
import type { TransportError, TransportFailure } from '../transport/transport.ts'

const codes: Readonly<Record<TransportFailure, string>> = {
  unreachable: 'KW2001',
  'host-key-unknown': 'KW2002',
  'host-key-changed': 'KW2003',
  authentication: 'KW2004',
  'no-sudo': 'KW2005',
  'connection-lost': 'KW2006',
  timeout: 'KW2007',
  aborted: 'KW2008',
}

/** The error for a person behind a failure of the transport. */
export function connectionError(error: TransportError): KubewrightError {
  return new KubewrightError({
    code: codes[error.failure],
    exit: error.failure === 'aborted' ? 'interrupted' : 'connection',
    host: error.host,
    message: error.message,
    hint: error.hint,
    cause: error,
  })
}
