import { KubewrightError } from '../engine/errors.ts'
import type { Emit } from '../engine/events.ts'
import { sh } from '../transport/command.ts'
import { TransportError, type Transport } from '../transport/transport.ts'
import { connectionError } from './connection-error.ts'

/** Who holds a lock, as another run is told. */
export interface Holder {
  /** `user@machine`. */
  readonly who: string
  readonly operation: string
  /** ISO 8601. */
  readonly since: string
}

export interface HostLock {
  /** True once the session that holds the lock has ended; nothing may be done on the host then. */
  lost(): boolean
  release(): Promise<void>
}

const heartbeat = 10_000

/** Held by whatever changes the host, as long as it does: a lost connection does not stop it. */
const acting = '/var/lib/kubewright/act.lock'

/** Seconds that an earlier run's action is waited for, and those of them in which nothing is said. */
const patience = 120
const quiet = 2

/**
 * The lock lives in /run and in a process of the SSH session: it ends with the connection, or 30 s after the last heartbeat. What an
 * earlier run has begun comes first: it may have written a change and still wait until that is in effect, which nobody sees later.
 */
const lockScript = (holder: Holder) => sh`exec 8>>/run/kubewright.lock
if ! flock -n 8; then echo "held $(cat /run/kubewright.holder 2>/dev/null)"; exit 0; fi
printf '%s\n' ${JSON.stringify(holder)} >/run/kubewright.holder
chmod 600 /run/kubewright.lock /run/kubewright.holder
if [ -e ${acting} ] && ! flock -w ${quiet} ${acting} true; then
echo waiting
flock -w ${patience - quiet} ${acting} true || { echo working; exit 0; }
fi
echo locked
while [ "$(timeout 30 head -c 1 8>&-)" = h ]; do :; done
rm -f /run/kubewright.holder`

/**
 * Takes the host's lock, or rejects with KW2011 that names who holds it, or KW3007 if an earlier run still changes the host; that it
 * waits for such a run `emit` is told.
 */
export async function lockHost(transport: Transport, holder: Holder, emit: Emit): Promise<HostLock> {
  const session = await transport.open(lockScript(holder)).catch((thrown: unknown) => {
    throw thrown instanceof TransportError ? connectionError(thrown) : thrown
  })
  let answer = await session.line()
  if (answer === 'waiting') {
    const reason = 'an action of an earlier run still works there'
    emit({ type: 'waiting', host: transport.host, resource: 'lock', reason, seconds: quiet })
    answer = await session.line()
  }
  if (answer !== 'locked') {
    session.end()
    if (answer === 'working') throw stillWorking(transport.host)
    throw heldError(transport.host, answer ?? '')
  }
  let ended = false
  const beat = setInterval(() => session.write('h'), heartbeat)
  void session.ended.then(() => {
    ended = true
    clearInterval(beat)
  })
  return {
    lost: () => ended,
    async release() {
      clearInterval(beat)
      session.end()
      await session.ended
    },
  }
}

function heldError(host: string, answer: string): KubewrightError {
  const text = answer.replace(/^held /, '')
  const holder = parseHolder(text)
  const by =
    holder === undefined ? 'another run' : `${holder.who} (operation ${holder.operation}, since ${holder.since})`
  return new KubewrightError({
    code: 'KW2011',
    exit: 'locked',
    host,
    message: `${host} is being worked on by ${by}`,
    hint: 'Wait until that run has ended; if it died, its lock is gone after half a minute, or after two if it waited for an earlier run.',
  })
}

/** The error of a host that somebody changes longer than is waited for. */
export function stillWorking(host: string): KubewrightError {
  return new KubewrightError({
    code: 'KW3007',
    exit: 'apply',
    host,
    message: `An action of an earlier run still works on ${host}`,
    hint: `Wait for it, or look for it with: fuser ${acting}`,
  })
}

function parseHolder(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder
  } catch {
    return undefined
  }
}
