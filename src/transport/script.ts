import type { Command } from './command.ts'
import { TransportError } from './transport.ts'

/**
 * How a script travels. The command line is constant but for a length, since a command line is limited to 128 KiB and visible
 * in `ps` and sudo's log: the script and then its payload come on stdin.
 */
export interface FramedScript {
  readonly line: string
  readonly bytes: Buffer
}

const started = 'kubewright:started'
const end = '#kubewright:end'

/**
 * Frames a script for a user's login shell, whichever that is: the line is one single-quoted string without backslashes and
 * exclamation marks, so that sh, bash, zsh, csh and fish read it alike.
 */
export function frame(script: Command, root: boolean): FramedScript {
  if (script.text.includes('\0')) throw new TypeError('a script can not hold a NUL byte')
  const bytes = Buffer.from(`${script.text}\n${end}`)
  const prelude = [
    'export PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
    'umask 022',
    'cd /',
    `echo ${started}`,
    // dd takes exactly these bytes from the pipe; the head of BusyBox reads ahead and so loses the payload
    `kubewright="$(dd bs=${bytes.length} count=1 iflag=fullblock 2>/dev/null)"`,
    // when the connection is lost half-way a part of the script must not run
    `case "$kubewright" in *"${end}") eval "$kubewright";; *) exit 255;; esac`,
  ]
  return { line: `env LC_ALL=C ${root ? '' : 'sudo -n '}/bin/sh -c '${prelude.join('; ')}'`, bytes }
}

/** The position after the line that says that the script runs, or -1. What comes before it was printed by a login shell's startup files. */
export function afterStart(output: Buffer): number {
  const position = output.indexOf(`${started}\n`)
  return position < 0 ? -1 : position + started.length + 1
}

/** Why a script did not start, from what sudo or the login shell left. */
export function notStarted(host: string, user: string, code: number, stdout: Buffer, stderr: Buffer): TransportError {
  const said = `${stderr.toString('utf8')}\n${stdout.toString('utf8')}`.trim().split('\n').slice(0, 3).join(' / ')
  if (user === 'root' || !/sudo/.test(said)) {
    return new TransportError(
      host,
      'authentication',
      `${host}: ${user} logs in but can run no command (exit code ${code}): ${said || 'no message'}`,
      'Log in as a user whose shell runs commands; cloud images often forbid root and name the user to take instead.',
    )
  }
  return new TransportError(
    host,
    'no-sudo',
    `${host}: ${user} can not become root without a password: ${said}`,
    /not found|no such file/i.test(said)
      ? 'Install sudo on the host, or log in as root.'
      : `Give ${user} password-less sudo (echo '${user} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/kubewright), or log in as root.`,
  )
}
