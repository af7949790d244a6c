import type { Probe } from '../../engine/resource.ts'
import type { Host } from '../../inventory/cluster.ts'
import { isWorker } from '../../inventory/roles.ts'
import { authorities, certificateFiles, certificates, kubeconfigs, kubeletServing } from '../../pki/certificates.ts'
import { kubeletClientFile } from '../../pki/kubeconfig.ts'
import { readCertificate } from '../../pki/read.ts'
import { sh } from '../../transport/command.ts'
import type { CertificateStatus } from './model.ts'

interface CertificatePlace {
  readonly name: string
  readonly path: string
}

const begin = '=certificate='

/** Reads the public certificates of a host; of a file that holds a key as well, only the certificate leaves the host. */
export function certificatesProbe(host: Host, now: Date): Probe<readonly CertificateStatus[]> {
  const places = placesOf(host)
  const paths = places.map(({ path }) => path)
  return {
    script: sh`for path in ${paths}; do
[ -s "$path" ] || continue
printf '%s %s\n' ${begin} "$path"
case $path in
*.conf) sed -n 's/^ *client-certificate-data: *//p' "$path" | head -n 1 | base64 -d ;;
*) sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' "$path" ;;
esac
echo
done`,
    parse: (output) =>
      output
        .split(`${begin} `)
        .slice(1)
        .flatMap((part) => certificateStatus(host.name, places, part, now)),
  }
}

function placesOf(host: Host): readonly CertificatePlace[] {
  const kubelet = [
    { name: 'kubelet client', path: kubeletClientFile },
    { name: 'kubelet serving', path: certificateFiles(kubeletServing).certificate },
  ]
  if (isWorker(host)) return kubelet
  const rows = [...authorities, ...certificates].map((row) => ({
    name: row.name,
    path: certificateFiles(row).certificate,
  }))
  return [...rows, ...kubeconfigs.map(({ name, path }) => ({ name, path })), ...kubelet]
}

function certificateStatus(
  host: string,
  places: readonly CertificatePlace[],
  part: string,
  now: Date,
): readonly CertificateStatus[] {
  const end = part.indexOf('\n')
  const path = part.slice(0, end)
  const place = places.find((candidate) => candidate.path === path)
  const pem = part.slice(end + 1)
  if (place === undefined || !pem.includes('BEGIN CERTIFICATE')) return []
  const { notAfter, isAuthority } = readCertificate(pem)
  const days = Math.floor((notAfter.getTime() - now.getTime()) / 86_400_000)
  return [{ host, name: place.name, authority: isAuthority, notAfter: notAfter.toISOString(), days }]
}
