import semver from 'semver'
import { distributionUnits } from '../../host/facts-services.ts'
import { minorData } from '../../kubernetes/versions.ts'
import type { Context } from '../context.ts'
import { enumerate, error, warning, type Check } from './check.ts'

/** The runc that breaks every `exec` after `systemctl daemon-reload`. */
const brokenRunc = '1.1.3'

/** The first containerd with CRI's RuntimeConfig. */
const runtimeConfig = '2.0.0'

function isInstalledByUs({ facts }: Context, path: string): boolean {
  return facts.state.installed[path] !== undefined
}

/** A containerd that somebody else installed: named, and refused if the kubelet cannot work with it. */
export const foreignContainerd: Check = (context) => {
  const { cluster, facts } = context
  const containerd = facts.survey.programs['containerd']
  if (containerd === undefined || isInstalledByUs(context, containerd.path)) return []
  const found = `containerd ${containerd.version} is installed at ${containerd.path}`
  const least = minorData(cluster.kubernetesVersion).minimalContainerd
  const version = semver.valid(containerd.version)
  const hint = `Upgrade it to ${runtimeConfig} or later, or remove it; Kubewright replaces no containerd of others.`
  if (version !== null && semver.lt(version, least)) {
    return [
      error(
        'ContainerRuntimeVersion',
        `${found}, Kubernetes ${cluster.kubernetesVersion} needs ${least} or later`,
        hint,
      ),
    ]
  }
  if (version !== null && semver.lt(version, runtimeConfig)) {
    return [warning('ContainerRuntimeVersion', `${found}, which Kubernetes 1.38 will not work with any more`, hint)]
  }
  const adopted =
    'It stays as it is, and becomes the runtime of this node; its configuration is changed for Kubernetes.'
  return [warning('CRI', `${found}, by somebody else than Kubewright`, adopted)]
}

/** The one version of runc that is known to break pods. */
export const runc: Check = (context) => {
  const program = context.facts.survey.programs['runc']
  if (program?.version !== brokenRunc) return []
  return [
    error(
      'Runc',
      `runc ${brokenRunc} is installed at ${program.path}: after each "systemctl daemon-reload" no exec works in its containers`,
      'Upgrade it to 1.1.4 or later.',
    ),
  ]
}

/** Docker or CRI-O beside containerd: legal, never touched, but worth knowing. */
export const otherRuntimes: Check = ({ facts }) => {
  const { units, programs, criSockets } = facts.survey
  const docker = programs['dockerd'] !== undefined || units['docker'] !== undefined
  const crio =
    programs['crio'] !== undefined || units['crio'] !== undefined || criSockets.includes('/run/crio/crio.sock')
  const named = (name: string, program: string): string => `${name} ${programs[program]?.version ?? ''}`.trim()
  const found = [...(docker ? [named('Docker', 'dockerd')] : []), ...(crio ? [named('CRI-O', 'crio')] : [])]
  if (found.length === 0) return []
  const active = units['docker']?.active === 'active'
  const restart = active
    ? ' Docker uses the same containerd.service: where that has to restart, Docker restarts with it.'
    : ''
  return [
    warning(
      'CRI',
      `${enumerate(found)} ${found.length === 1 ? 'is' : 'are'} installed on this host, too`,
      `Kubewright leaves ${found.length === 1 ? 'it' : 'them'} alone; the kubelet uses containerd by its socket.${restart}`,
    ),
  ]
}

/** Another distribution of Kubernetes, which uses the same ports, networks and directories. */
export const otherDistributions: Check = ({ facts }) => {
  const units = Object.keys(facts.survey.units).filter((unit) => distributionUnits[unit] !== undefined)
  const names = new Set(units.flatMap((unit) => distributionUnits[unit] ?? []))
  if (names.size === 0) return []
  return [
    error(
      'OtherDistribution',
      `${enumerate([...names])} is installed on this host (${enumerate(units.map((unit) => `${unit}.service`))})`,
      'Uninstall it with its own script, or take another host.',
    ),
  ]
}
