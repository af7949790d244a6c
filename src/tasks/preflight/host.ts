import { checks, onNodes } from './check.ts'
import { diskPressure, diskSpace, readOnlyDisks } from './disk.ts'
import { cgroupControllers, cgroupVersion, kernelAbilities, kernelVersion, proxyMode } from './kernel.ts'
import { architecture, initSystem, memory, mountPropagation, operatingSystem, processors, selinux } from './machine.ts'
import { foreignContainerd, otherDistributions, otherRuntimes, runc } from './runtime.ts'

/** Whether the host alone can become a node: machine, kernel, disks, what else is installed. */
export const preflightHost = checks('preflight/host', 'Check the host', {
  Mem: memory,
  NumCPU: processors,
  OperatingSystem: operatingSystem,
  Systemd: initSystem,
  Architecture: architecture,
  MountPropagation: mountPropagation,
  SELinux: selinux,
  KernelVersion: kernelVersion,
  CgroupVersion: cgroupVersion,
  CgroupControllers: cgroupControllers,
  KernelModules: kernelAbilities,
  KubeProxyMode: onNodes(proxyMode),
  DiskSpace: diskSpace,
  ReadOnlyFileSystem: readOnlyDisks,
  DiskPressure: diskPressure,
  Containerd: foreignContainerd,
  Runc: runc,
  OtherRuntimes: otherRuntimes,
  OtherDistribution: otherDistributions,
})
