import { z } from 'zod'
import { localPath, refuse } from './schema-values.ts'

/** The URL on which a member of etcd serves its clients. */
function clientURL() {
  return z.string().superRefine((value, context) => {
    const hint = 'such as https://10.0.0.5:2379'
    if (value.startsWith('http:'))
      refuse(
        context,
        'KW1014',
        'expected a URL that starts with https://: the secrets of the cluster go this way',
        hint,
      )
    else if (!/^https:\/\/(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(value) || !URL.canParse(value))
      refuse(context, 'KW1014', 'expected the URL of a member, with its port and without a path', hint)
  })
}

/** An etcd that is there already: kubeadm's `etcd.external`, with files of this machine. */
export const externalEtcdSchema = z
  .strictObject({
    endpoints: z
      .array(clientURL())
      .min(1, { error: 'expected at least one endpoint' })
      .describe('Client URLs of its members: https://10.0.0.5:2379.'),
    caFile: localPath().describe(
      "File (PEM, relative to the inventory) with the CA that signed the members' certificates.",
    ),
    certFile: localPath().describe(
      'File (PEM, relative to the inventory) with a client certificate for the API servers.',
    ),
    keyFile: localPath().describe(
      'File with the key of the client certificate, relative to the inventory; it is placed on the control planes alone.',
    ),
  })
  .describe('An etcd that you run yourself, in place of one that runs here.')
