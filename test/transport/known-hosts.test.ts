import { createHmac } from 'node:crypto'
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { addKnownHost } from '../../src/transport/add-known-host.ts'
import { fingerprint, knownKeys, parseKnownHosts, readKnownHosts } from '../../src/transport/known-hosts.ts'
import { type TestKey, testKey } from '../support/sshd.ts'
import { temporaryDirectory } from './connecting.ts'

const key = testKey()
const other = testKey()
const ecdsa = testKey(undefined, 'ecdsa')

/** What OpenSSH's own ssh-keygen made. */
const published = 'AAAAC3NzaC1lZDI1NTE5AAAAIPfls3jM6HPj0Cqkx1oOC2rnn3xkHkZwJ3B50SOPLD4N'
const publishedFingerprint = 'SHA256:iQ+wxK3L9dNc3z/3rYqXxsF2yqOtvNey4Qv1p1EDRa4'

function known(text: string, address: string, port = 22): string[] {
  return knownKeys(parseKnownHosts(text), address, port).accepted.map(fingerprint)
}

function line(names: string, { public: text }: TestKey = key, marker = ''): string {
  return `${marker}${names} ${text.trim()}`
}

const found = [fingerprint(key.blob)]

describe('an entry', () => {
  test.each([
    ['a plain name', 'cp1', 'cp1', 22],
    ['one of several names', 'cp1,10.0.0.1,cp1.example.com', '10.0.0.1', 22],
    ['a name in other letters', 'CP1.Example.com', 'cp1.example.COM', 22],
    ['another port', '[10.0.0.1]:2222', '10.0.0.1', 2222],
    ['an IPv6 address', 'fd00::1', 'fd00::1', 22],
    ['an IPv6 address on another port', '[fd00::1]:2222', 'fd00::1', 2222],
    ['a star', '*.example.com', 'cp1.example.com', 22],
    ['a question mark', '10.0.0.?', '10.0.0.7', 22],
    ['a pattern beside an exclusion of others', '*.example.com,!db.example.com', 'cp1.example.com', 22],
  ])('is found by %s', (_name, names, address, port) => {
    expect(known(line(names), address, port)).toEqual(found)
  })

  test.each([
    ['another name', 'cp1', 'cp10', 22],
    ['another port', '10.0.0.1', '10.0.0.1', 2222],
    ['port 22 when it names another', '[10.0.0.1]:2222', '10.0.0.1', 22],
    ['an excluded name', '*.example.com,!db.example.com', 'db.example.com', 22],
    ['a name in which its dot is another character', '10.0.0.1', '10.0x0.1', 22],
  ])('is not found by %s', (_name, names, address, port) => {
    expect(known(line(names), address, port)).toEqual([])
  })

  test('that is hashed is found by its name and port alone', () => {
    const salt = Buffer.from('0123456789abcdefghij')
    const hash = (name: string) =>
      `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`
    expect(known(line(hash('10.0.0.1')), '10.0.0.1')).toEqual(found)
    expect(known(line(hash('[10.0.0.1]:2222')), '10.0.0.1', 2222)).toEqual(found)
    expect(known(line(hash('10.0.0.1')), '10.0.0.2')).toEqual([])
    expect(known(line(hash('10.0.0.1')), '10.0.0.1', 2222)).toEqual([])
  })

  test('that was written by ssh-keygen -H is found', () => {
    const hashed = `|1|ajTkdB2D8o9NN22dwlwuwQFC2vM=|kETLFum1cupp+IGwfdwkQCSTZss= ssh-ed25519 ${published}`
    expect(known(hashed, '127.0.0.1', 2222)).toEqual([publishedFingerprint])
    expect(known(hashed, '127.0.0.1')).toEqual([])
  })
})

test('comments, empty lines, Windows line ends and rubbish are no obstacle', () => {
  const text = [
    '# hosts',
    '',
    line('cp1') + ' comment here\r',
    'rubbish',
    '@unknown x y z',
    'cp1 ssh-ed25519',
    'cp1 ssh-rsa AAAA',
  ].join('\n')
  expect(known(text, 'cp1')).toEqual(found)
})

test('a host may have several keys', () => {
  const text = [line('cp1'), line('cp1', ecdsa), line('cp2', other)].join('\n')
  expect(known(text, 'cp1')).toEqual([fingerprint(key.blob), fingerprint(ecdsa.blob)])
})

test('a revoked key is told apart, and the key of a certificate authority is no host key', () => {
  const text = [line('*', other, '@revoked '), line('*.example.com', ecdsa, '@cert-authority '), line('cp1')].join('\n')
  const keys = knownKeys(parseKnownHosts(text), 'cp1', 22)
  expect(keys.revoked.map(fingerprint)).toEqual([fingerprint(other.blob)])
  expect(keys.accepted.map(fingerprint)).toEqual(found)
  expect(known(text, 'a.example.com')).toEqual([])
})

test('a fingerprint is what ssh-keygen prints', () => {
  expect(fingerprint(Buffer.from(published, 'base64'))).toBe(publishedFingerprint)
})

describe('adding a host', () => {
  test('makes the file for its owner alone, and the directory too', async () => {
    const file = join(await temporaryDirectory(), 'ssh', 'known_hosts')
    await addKnownHost(file, '10.0.0.1', 2222, key.blob)
    expect(await readFile(file, 'utf8')).toBe(`[10.0.0.1]:2222 ssh-ed25519 ${key.blob.toString('base64')}\n`)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('keeps what is there, also without a last newline', async () => {
    const file = join(await temporaryDirectory(), 'known_hosts')
    await writeFile(file, `# mine\n${line('cp1', other)}`)
    await chmod(file, 0o644)
    await addKnownHost(file, 'cp2', 22, key.blob)
    expect(await readFile(file, 'utf8')).toBe(
      `# mine\n${line('cp1', other)}\ncp2 ssh-ed25519 ${key.blob.toString('base64')}\n`,
    )
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  test('does nothing when the key is known', async () => {
    const file = join(await temporaryDirectory(), 'known_hosts')
    await writeFile(file, `${line('cp1,10.0.0.1')}\n`)
    await addKnownHost(file, '10.0.0.1', 22, key.blob)
    expect(await readFile(file, 'utf8')).toBe(`${line('cp1,10.0.0.1')}\n`)
  })

  test('loses none of many that come at once, and leaves no temporary file', async () => {
    const directory = await temporaryDirectory()
    const file = join(directory, 'known_hosts')
    const addresses = Array.from({ length: 30 }, (_value, index) => `10.0.0.${index}`)
    await Promise.all(addresses.map(async (address) => addKnownHost(file, address, 22, key.blob)))
    const entries = await readKnownHosts([file])
    expect(entries.map((entry) => entry.names)).toEqual(addresses)
    expect(await readdir(directory)).toEqual(['known_hosts'])
  })

  test('follows a link into somebody’s dotfiles', async () => {
    const directory = await temporaryDirectory()
    await writeFile(join(directory, 'real'), '')
    await symlink(join(directory, 'real'), join(directory, 'known_hosts'))
    await addKnownHost(join(directory, 'known_hosts'), 'cp1', 22, key.blob)
    expect(await readFile(join(directory, 'real'), 'utf8')).toContain('cp1 ssh-ed25519')
  })

  test('refuses a device, which a rename would replace', async () => {
    await expect(addKnownHost('/dev/null', 'cp1', 22, key.blob)).rejects.toThrow('not a regular file')
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true)
  })
})

test('files that do not exist hold nothing', async () => {
  expect(await readKnownHosts([join(await temporaryDirectory(), 'none')])).toEqual([])
})
