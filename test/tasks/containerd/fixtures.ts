import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Artifact, ArtifactIndex } from '../../../src/artifacts/artifact.ts'
import { artifactIndex } from '../../../src/artifacts/bundle.ts'
import { upstreamImages } from '../../../src/kubernetes/versions.ts'

const directory = mkdtempSync(join(tmpdir(), 'kw-artifacts-'))

/** For `afterAll` of each file that has artifacts: vitest kills its workers, so that none of them does anything at its exit. */
export function removeArtifacts(): void {
  rmSync(directory, { recursive: true, force: true })
}

/** The path of an artifact's file; the files of one worker share this module, so it may be needed again. */
function pathOf(name: string): string {
  mkdirSync(directory, { recursive: true })
  return join(directory, name)
}

function artifactOf(name: string, version: string, kind: Artifact['kind'], file: string, image?: string): Artifact {
  const bytes = readFileSync(file)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return {
    name,
    version,
    architecture: 'amd64',
    kind,
    sha256,
    size: bytes.length,
    from: { file },
    image,
    member: undefined,
  }
}

/** A program of some lines. */
export function binary(name: string, version: string, text = `${name} ${version}`): Artifact {
  const file = pathOf(`${name}-${version}`)
  writeFileSync(file, `#!/bin/sh\necho ${text}\n`)
  return artifactOf(name, version, 'binary', file)
}

/** An archive of programs, with a file beside them that is none. */
export function archive(name: string, version: string, members: readonly string[], note = ''): Artifact {
  const tree = pathOf(`${name}-${version}-tree${note}`)
  const file = `${tree}.tar.gz`
  // Made once: gzip stamps the time, so that another one has another checksum.
  if (existsSync(file)) return artifactOf(name, version, 'archive', file)
  for (const member of members) {
    mkdirSync(dirname(join(tree, member)), { recursive: true })
    writeFileSync(join(tree, member), `#!/bin/sh\necho ${member} ${version}${note}\n`, { mode: 0o755 })
  }
  writeFileSync(join(tree, 'LICENSE'), 'Apache\n')
  execFileSync('tar', ['-czf', file, '-C', tree, '.'])
  return artifactOf(name, version, 'archive', file)
}

/** An image as the sandbox's ctr knows it: its reference. */
export function imageArchive(reference: string): Artifact {
  const file = pathOf(`${reference.replaceAll(/[/:]/g, '_')}.tar`)
  writeFileSync(file, reference)
  return artifactOf(reference, '', 'image', file, reference)
}

/** Everything that containerd's tasks ask for, for Kubernetes 1.37.1. */
export function smallBundle(...replacements: readonly Artifact[]): ArtifactIndex {
  const usual = [
    archive('containerd', '2.2.9', ['bin/containerd', 'bin/containerd-shim-runc-v2', 'bin/ctr']),
    binary('runc', '1.1.5'),
    archive('cni-plugins', '1.9.1', ['./bridge', './host-local', './loopback']),
    binary('kubectl', '1.37.1'),
    binary('etcdctl', '3.7.0'),
    binary('etcdutl', '3.7.0'),
    ...Object.values(upstreamImages('1.37.1')).map(imageArchive),
  ]
  return artifactIndex([...usual, ...replacements], 'the test')
}
