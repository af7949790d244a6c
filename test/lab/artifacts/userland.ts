import { copyFile, mkdir, readdir, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { $ } from '../shell.ts'
import { unpackedPackage } from './debian.ts'

const shellApplets =
  'sh cat cp date echo env false grep head hostname id ls ln mkdir mv nc nslookup ping ps rm sed sleep sort tail tee test touch true uname wc wget which'

/** A shell and its everyday companions in one static file, for images whose manifests run them. */
export async function busyboxTree(scratch: string): Promise<string> {
  const tree = join(scratch, 'tree-busybox')
  const bin = join(tree, 'usr/bin')
  await mkdir(bin, { recursive: true })
  await copyFile(join(await unpackedPackage(scratch, 'busybox-static'), 'bin/busybox'), join(bin, 'busybox'))
  for (const applet of shellApplets.split(' ')) await symlink('busybox', join(bin, applet))
  await symlink('usr/bin', join(tree, 'bin'))
  await mkdir(join(tree, 'tmp'))
  return tree
}

const netfilterPrograms = ['xtables-nft-multi', 'xtables-legacy-multi', 'nft', 'conntrack', 'ipset', 'ip']

/** A program of a Debian package that is installed here, at its place in upstream's image, with every library that it loads. */
export async function programTree(directory: string, program: string, place: string): Promise<string> {
  await mkdir(join(directory, 'usr/lib64'), { recursive: true })
  for (const link of ['lib', 'lib64']) await symlink(`usr/${link}`, join(directory, link))
  await copyDereferenced(program, join(directory, place))
  for (const library of await librariesOf([program])) await copyDereferenced(library, join(directory, merged(library)))
  return directory
}

/** The netfilter programs of this machine with every library they load; kube-proxy and network plugins call them. */
export async function netfilterTree(scratch: string): Promise<string> {
  const tree = await busyboxTree(join(scratch, 'netfilter'))
  for (const directory of ['sbin', 'lib', 'lib64']) {
    await mkdir(join(tree, 'usr', directory), { recursive: true })
    await symlink(`usr/${directory}`, join(tree, directory))
  }
  const programs = await Promise.all(netfilterPrograms.map(async (name) => (await $`which ${name}`).stdout.trim()))
  const extensions = await xtablesExtensions()
  for (const program of programs) await copyDereferenced(program, join(tree, 'usr/sbin', basename(program)))
  for (const extension of extensions) await copyDereferenced(extension, join(tree, merged(extension)))
  for (const library of await librariesOf([...programs, ...extensions])) {
    await copyDereferenced(library, join(tree, merged(library)))
  }
  for (const [link, target] of iptablesLinks()) await symlink(target, join(tree, 'usr/sbin', link))
  return tree
}

async function xtablesExtensions(): Promise<readonly string[]> {
  const listing = await $`dpkg -L iptables libxtables12`
  const directory = listing.lines().find((line) => line.endsWith('/xtables'))
  if (directory === undefined) throw new Error('The package iptables brings no xtables directory: reinstall it.')
  return (await readdir(directory)).filter((name) => name.endsWith('.so')).map((name) => join(directory, name))
}

async function librariesOf(files: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await $`ldd ${files}`
  return [...new Set(stdout.match(/\/(?:usr\/)?lib\S+\.so\S*/g)?.filter((path) => !path.endsWith(':')))]
}

// Every spelling of the two programs' personalities; the plain names are the nftables ones, as on Debian.
function iptablesLinks(): readonly (readonly [string, string])[] {
  return ['iptables', 'ip6tables'].flatMap((family) =>
    ['', '-save', '-restore'].flatMap((action) => [
      [`${family}${action}`, 'xtables-nft-multi'] as const,
      [`${family}-nft${action}`, 'xtables-nft-multi'] as const,
      [`${family}-legacy${action}`, 'xtables-legacy-multi'] as const,
    ]),
  )
}

// /lib is a link to /usr/lib in the tree, as it is on every Debian of today.
function merged(path: string): string {
  return path.startsWith('/usr/') ? path : `/usr${path}`
}

async function copyDereferenced(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  await copyFile(source, target)
}
