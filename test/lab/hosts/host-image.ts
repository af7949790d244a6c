import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheDirectory } from '../artifacts/paths.ts'
import { withLock } from '../lock.ts'
import { repositoryRoot } from '../repository.ts'
import { $, ask, timed } from '../shell.ts'
import type { Suite } from './definition.ts'

const sources = join(repositoryRoot, 'test/lab/hosts')
const buildDirectory = join(cacheDirectory, 'hosts')

/** Whether an image is there to start hosts from. */
export async function imageExists(image: string): Promise<boolean> {
  return (await ask`podman image exists ${image}`).exitCode === 0
}

/** Makes the image of a lab's hosts unless this very image exists, and answers its name. */
export async function ensureHostImage(suite: Suite): Promise<string> {
  const image = `localhost/kubewright-lab-host:${suite}-${await sourcesHash()}`
  if (await imageExists(image)) return image
  await mkdir(buildDirectory, { recursive: true })
  return withLock(join(buildDirectory, `${suite}.lock`), async () => {
    if (!(await imageExists(image))) await timed(`Host image ${suite}, once`, () => makeImage(suite, image))
    return image
  })
}

async function makeImage(suite: Suite, image: string): Promise<void> {
  const root = join(buildDirectory, suite)
  await discard(root) // a run that was cut off leaves half a tree
  await $`bash ${join(sources, 'make-root.sh')} ${suite} ${root}`
  await $`tar -C ${root} --numeric-owner -c . | podman import --quiet --change 'CMD ["/sbin/init"]' - ${image}`
  await discard(root)
  await removeOlder(suite, image)
}

async function removeOlder(suite: Suite, newest: string): Promise<void> {
  const format = '{{.Repository}}:{{.Tag}}'
  const { stdout } =
    await $`podman image ls --filter reference=${`localhost/kubewright-lab-host:${suite}-*`} --format ${format}`
  // One that a lab still runs on is in use, and stays.
  for (const image of stdout.split('\n').filter((line) => line !== '' && line !== newest))
    await ask`podman rmi ${image}`
}

async function discard(root: string): Promise<void> {
  // A debootstrap that was killed may have left /proc mounted inside; removing that would reach the machine.
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '')
  for (const mount of mounts.filter((path) => path.startsWith(`${root}/`)).reverse()) await $`umount -l ${mount}`
  await rm(root, { recursive: true, force: true })
}

// The image is named after what it is made from: an edit makes a new one.
async function sourcesHash(): Promise<string> {
  const tree = await readdir(join(sources, 'image'), { recursive: true, withFileTypes: true })
  const files = tree.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const hash = createHash('sha256')
  for (const file of [...files.sort(), join(sources, 'make-root.sh')])
    hash.update(file.slice(sources.length)).update(await readFile(file))
  return hash.digest('hex').slice(0, 12)
}
