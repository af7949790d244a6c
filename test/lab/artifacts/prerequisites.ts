import { aptInstall } from '../machine.ts'
import { ask } from '../shell.ts'

/** Makes sure that the programs of a build or a download are on this machine. */
export async function requirePrograms(fromUpstream: boolean): Promise<void> {
  if (fromUpstream) return aptInstall(['skopeo', 'zstd'])
  await aptInstall([
    'gcc',
    'libc6-dev',
    'iptables',
    'nftables',
    'conntrack',
    'ipset',
    'iproute2',
    'zstd',
    ...haproxyLibraries,
  ])
  if ((await ask`go version`).exitCode !== 0) {
    throw new Error(
      'Building Kubernetes needs Go 1.26 or later on PATH, and none is there: install it from https://go.dev/dl.',
    )
  }
}

/** haproxy itself is only unpacked: its package would start it. */
const haproxyLibraries = ['liblua5.3-0', 'libopentracing-c-wrapper0', 'libpcre2-8-0']
