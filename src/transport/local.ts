import { once } from 'node:events'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { $ } from 'zx/core'
import { abortable } from './abortable.ts'
import { type ExchangeRequest, exitCode } from './exchange.ts'
import { closed } from './failures.ts'
import { type Place, run } from './run.ts'
import { openSession } from './session.ts'
import { slots } from './slots.ts'
import type { Transport } from './transport.ts'

const maxCommands = 4

/** A transport to the machine that this process runs on, as root directly or through `sudo -n`; `host` is its name in the inventory. */
export function connectLocal(host: string): Transport {
  const count = { executions: 0, bytesSent: 0, bytesReceived: 0 }
  const closing = new AbortController()
  const place: Place = {
    host,
    user: userInfo().uid === 0 ? 'root' : userInfo().username,
    channels: slots(maxCommands),
    exchange: async (request) => exchangeHere(request, closing.signal),
    count,
  }
  const open = (): Place => {
    if (closing.signal.aborted) throw closed(host)
    return place
  }
  return {
    host,
    exec: async (script, options = {}) => run(open(), script, options),
    open: async (script) => openSession(open(), script),
    async connect(address, port) {
      const socket = connect(port, address)
      await once(socket, 'connect')
      return socket.on('error', () => undefined)
    },
    get traffic() {
      return { ...count }
    },
    close: async () => closing.abort(),
  }
}

const here = $({
  quiet: true,
  nothrow: true,
  shell: '/bin/sh',
  prefix: '',
  detached: true, // its own process group, so that all of it can be ended
  quote: (line) => line, // what is run is a whole command line, quoted by `frame`
})

async function exchangeHere(request: ExchangeRequest, closing: AbortSignal): Promise<number | undefined> {
  const stdin = request.stdin()
  const inputFailed = new Promise<never>((_resolve, reject) => stdin.once('error', reject))
  inputFailed.catch(() => undefined)
  const running = here({ input: stdin })`${request.line}`
  running.stdin.on('error', () => undefined) // the script may end before it has read everything
  running.stdout.on('data', (chunk: Buffer) => request.onStdout(chunk))
  running.stderr.on('data', (chunk: Buffer) => request.onStderr(chunk))
  // as the end of an SSH connection does: the script sees the end of its input
  const hangUp = (): void => void running.stdin.end()
  closing.addEventListener('abort', hangUp, { once: true })
  try {
    const ended = await abortable(Promise.race([running, inputFailed]), request.signal)
    return exitCode(ended.exitCode, ended.signal)
  } catch (error) {
    terminate(running.pid)
    throw error
  } finally {
    closing.removeEventListener('abort', hangUp)
    stdin.destroy()
  }
}

/** zx's own `kill` asks `ps` for the tree, which takes a second and a package that a small machine may lack. */
function terminate(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGTERM')
  } catch {
    // it has ended by itself, or belongs to sudo
  }
}
