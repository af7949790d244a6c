import { $, ask, progress } from './shell.ts'

/** Installs the Debian packages that this machine lacks. */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  const { stdout } = await ask`dpkg-query -W -f ${'${Package} ${db:Status-Status}\n'} ${packages}`
  const installed = new Set(
    stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  )
  const missing = packages.filter((name) => !installed.has(name))
  if (missing.length === 0) return
  if (process.getuid?.() !== 0) {
    throw new Error(
      `This machine lacks ${missing.join(' ')}: run "sudo apt-get install ${missing.join(' ')}", or the lab as root.`,
    )
  }
  progress(`Installing ${missing.join(' ')} ...`)
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await $`apt-get update -qq`
  await $({ env: environment })`apt-get install -y -qq --no-install-recommends ${missing}`
}
