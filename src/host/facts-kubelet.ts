import { lines, sh } from '../transport/command.ts'
import { section, type Part } from './facts-sections.ts'
import type { Survey } from './facts.ts'

/** Who the kubelet of the host is. Its client certificate is in one file with the key, which stays where it is. */
export const kubelet: Part<Survey['kubelet']> = {
  script: () =>
    lines(
      section('kubelet.flags', sh`cat /var/lib/kubelet/kubeadm-flags.env`),
      section(
        'kubelet.certificate',
        sh`sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' /var/lib/kubelet/pki/kubelet-client-current.pem`,
      ),
    ),
  parse: (sections) => ({
    flags: sections.get('kubelet.flags') ?? '',
    certificate: sections.get('kubelet.certificate') ?? '',
  }),
}
