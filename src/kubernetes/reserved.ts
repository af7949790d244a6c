/** Quantities as the kubelet's `kubeReserved` and `systemReserved` take them. */
export interface Reserved {
  readonly cpu: string
  readonly memory: string
}

const gibibyte = 2 ** 30

/**
 * What pods do not get. For Kubernetes' own daemons 50m CPU plus 10m per CPU (at most 250m) and 40 MiB of memory per GiB
 * (64 MiB to 1 GiB); for the system half of that (memory 64 MiB to 512 MiB). A host of 2 GiB and 2 CPUs keeps 105m and
 * 144 MiB in all, one of 64 GiB and 32 CPUs 375m and 1.5 GiB. Whole GiB count, so that a kernel update changes nothing.
 */
export function reservedResources(
  memoryBytes: number,
  cpus: number,
): { readonly kubeReserved: Reserved; readonly systemReserved: Reserved } {
  const gibibytes = Math.max(1, Math.round(memoryBytes / gibibyte))
  const cpu = Math.min(50 + 10 * cpus, 250)
  return {
    kubeReserved: { cpu: `${cpu}m`, memory: `${clamp(40 * gibibytes, 64, 1024)}Mi` },
    systemReserved: { cpu: `${Math.floor(cpu / 2)}m`, memory: `${clamp(20 * gibibytes, 64, 512)}Mi` },
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
