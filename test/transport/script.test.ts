import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { lines, sh } from '../../src/transport/command.ts'
import { afterStart, frame, notStarted } from '../../src/transport/script.ts'
import { temporaryDirectory } from './connecting.ts'

function run(line: string, input: Buffer, shell = '/bin/sh') {
  const { status, stdout } = spawnSync(shell, ['-c', line], { input })
  return { status, stdout: stdout.subarray(Math.max(0, afterStart(stdout))).toString() }
}

test('a script of which any part is missing is not run', async () => {
  const file = join(await temporaryDirectory(), 'ran')
  const { line, bytes } = frame(sh`touch ${file}; rm -rf ${join(file, 'deeper')}`, true)
  for (let length = 0; length < bytes.length; length += 1) {
    if (length % 8 === 0 || length > bytes.length - 4) expect(run(line, bytes.subarray(0, length)).status).toBe(255)
  }
  expect(existsSync(file)).toBe(false)
  expect(run(line, bytes).status).toBe(0)
  expect(existsSync(file)).toBe(true)
})

test.each([
  ['an empty script', sh``, '', 0],
  ['a comment at the end', sh`echo a # rest`, 'a\n', 0],
  ['a here-document at the end', lines(sh`cat <<'EOF'`, sh`a`, sh`EOF`), 'a\n', 0],
  ['an exit in the middle', sh`echo a; exit 7; echo b`, 'a\n', 7],
  ['a failure under set -e', lines(sh`set -e`, sh`false`, sh`echo b`), '', 1],
  ['lines', lines(sh`false`, sh`echo b`), 'b\n', 0],
])('%s ends as it does in a file', (_name, script, stdout, status) => {
  const { line, bytes } = frame(script, true)
  expect(run(line, bytes)).toEqual({ status, stdout })
})

const shells = ['bash', 'dash', 'zsh', 'mksh', 'ksh', 'fish', 'tcsh', 'csh', 'busybox'].filter(
  (shell) => spawnSync('/bin/sh', ['-c', `command -v ${shell}`]).status === 0,
)

describe('whatever the login shell is', () => {
  test.each(shells)('%s passes script and payload on', (shell) => {
    const { line, bytes } = frame(sh`printf '%s|' ${['$HOME', "it's", 'a\\b', '!x']}; cat`, true)
    const path = execFileSync('/bin/sh', ['-c', `command -v ${shell}`])
      .toString()
      .trim()
    const input = Buffer.concat([bytes, Buffer.from('payload')])
    const output =
      shell === 'busybox'
        ? spawnSync(path, ['sh', '-c', line], { input }).stdout.toString()
        : run(line, input, path).stdout
    expect(output).toMatch(/\$HOME\|it's\|a\\b\|!x\|payload$/)
  })
})

test('a script that can not be sent is refused', () => {
  expect(() => frame({ kind: 'command', text: 'a\0b' }, true)).toThrow(TypeError)
})

test('what comes before the start is found, and its absence too', () => {
  const output = Buffer.from('Welcome\nkubewright:started\nout\n')
  expect(output.subarray(afterStart(output)).toString()).toBe('out\n')
  expect(afterStart(Buffer.from('Welcome\n'))).toBe(-1)
})

test.each([
  ['alice', 'sudo: a password is required', 'no-sudo'],
  ['alice', 'Sorry, user alice is not allowed to execute /bin/sh as root on cp1. sudo', 'no-sudo'],
  ['alice', 'sudo: interactive authentication is required', 'no-sudo'],
  ['alice', "env: 'sudo': No such file or directory", 'no-sudo'],
  ['alice', 'This account is currently not available.', 'authentication'],
  ['root', 'Please login as the user "ubuntu" rather than the user "root".', 'authentication'],
])('%s who gets "%s" has the failure %s', (user, said, failure) => {
  const error = notStarted('cp1', user, 1, Buffer.alloc(0), Buffer.from(`${said}\n`))
  expect(error).toMatchObject({ host: 'cp1', failure })
  expect(error.message).toContain(said)
})
