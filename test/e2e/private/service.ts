import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** A program of this machine that runs for a test. */
export interface Service extends AsyncDisposable {
  /** What it has printed. */
  output(): string
}

/** Starts a program and waits until it listens. */
export async function startService(
  program: string,
  args: readonly string[],
  { address, port }: { readonly address: string; readonly port: number },
): Promise<Service> {
  if (await listens(address, port))
    throw new Error(`${address}:${port} is taken, perhaps by ${program} of a test that was killed`)
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })
  for (let left = 100; !(await listens(address, port)); left -= 1) {
    if (left === 0 || child.exitCode !== null) throw new Error(`${program} does not listen on ${port}: ${output}`)
    await pause(100)
  }
  return {
    output: () => output,
    async [Symbol.asyncDispose]() {
      child.kill()
      await ended
    },
  }
}

async function listens(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => socket.destroy())
    socket.once('connect', () => socket.end())
  })
}
