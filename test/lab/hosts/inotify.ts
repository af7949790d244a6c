import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'

const setting = '/proc/sys/fs/inotify/max_user_instances'
// Under /run, because a reboot forgets both the raised value and the need to put it back.
const before = '/run/kubewright-lab/max_user_instances'
const needed = 8192

/** Lets many systemds share this machine: its default is meant for one. */
export async function raiseInotify(): Promise<void> {
  const current = (await readFile(setting, 'utf8')).trim()
  if (Number(current) >= needed) return
  await mkdir('/run/kubewright-lab', { recursive: true })
  await writeFile(before, current)
  await writeFile(setting, String(needed))
}

/** Puts the machine's own value back, once the last lab is gone. */
export async function restoreInotify(): Promise<void> {
  const value = await readFile(before, 'utf8').catch(() => undefined)
  if (value === undefined) return
  await writeFile(setting, value)
  await rm('/run/kubewright-lab', { recursive: true, force: true })
}
