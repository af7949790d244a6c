import { task } from '../../engine/task.ts'
import { isControlPlane } from '../../inventory/roles.ts'
import { haproxyDirectory } from '../../kubernetes/haproxy.ts'
import { keepalivedFiles, keepalivedUnit } from '../../kubernetes/keepalived.ts'
import { isNodeLocal, isVirtualIP, manifestsDirectory } from '../../kubernetes/node.ts'
import { ownedDirectory, retired } from '../../resources/file.ts'
import { ufwPeers } from '../../resources/firewall/ufw-peers.ts'
import { stoppedService } from '../../resources/reset-service.ts'
import type { Context } from '../context.ts'
import { hasOurKeepalived } from './keepalived.ts'

/** What an earlier endpoint needed goes when nothing is led through it any more: proxies from workers, keepalived from control planes. */
export const endpointUnused = task<Context>({
  name: 'endpoint/unused',
  summary: 'Remove what an earlier endpoint needed',
  resources: (context) => (isControlPlane(context.host) ? unusedAddress(context) : unusedProxy(context)),
})

function unusedProxy({ cluster }: Context) {
  if (isNodeLocal(cluster)) return []
  const manifest = retired(`${manifestsDirectory}/haproxy.yaml`, 'nothing is led through the proxy any more')
  return [manifest, ownedDirectory(haproxyDirectory, [])]
}

function unusedAddress(context: Context) {
  if (isVirtualIP(context.cluster) || !hasOurKeepalived(context)) return []
  const files = Object.values(keepalivedFiles).map((path) =>
    retired(path, 'nobody holds an address of the API any more'),
  )
  const closed = context.host.firewall === 'manage' ? [ufwPeers([])] : []
  // The files last: by them a run after one that was stopped finds that there is anything left.
  return [stoppedService(keepalivedUnit), ...closed, ...files]
}
