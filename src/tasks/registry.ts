import type { Task } from '../engine/task.ts'
import { coredns } from './addons/coredns.ts'
import { kubeProxy } from './addons/kube-proxy.ts'
import { bootstrapObjectsTask } from './bootstrap/objects.ts'
import type { Context } from './context.ts'
import { containerdConfig } from './containerd/config.ts'
import {
  addonImages,
  apiServerImages,
  containerdImages,
  controllerImages,
  etcdImages,
  remainingImages,
} from './containerd/images.ts'
import { containerdInstall } from './containerd/install.ts'
import { controlPlaneKubectl, etcdClients } from './control-plane/clients.ts'
import { controllersReady, controlPlaneReady } from './control-plane/ready.ts'
import { controlPlaneApiServer, controlPlaneControllers } from './control-plane/static-pods.ts'
import { endpointFollowed } from './endpoint/followed.ts'
import { endpointNodeLocal } from './endpoint/node-local.ts'
import { endpointUnused } from './endpoint/unused.ts'
import { endpointHeld, endpointPeers, endpointVirtualIP } from './endpoint/virtual-ip.ts'
import { etcdClient } from './etcd/client.ts'
import { etcdLeave } from './etcd/leave.ts'
import { etcdJoin, etcdMember } from './etcd/member.ts'
import { etcdReady } from './etcd/ready.ts'
import { etcdSnapshotTask } from './etcd/snapshot.ts'
import { hostFirewall } from './host/firewall.ts'
import { hostModules } from './host/modules.ts'
import { hostNames } from './host/names.ts'
import { hostPackages } from './host/packages.ts'
import { hostSelinux } from './host/selinux.ts'
import { hostSwap } from './host/swap.ts'
import { hostSysctl } from './host/sysctl.ts'
import { hostTime } from './host/time.ts'
import { kubeletClientTask } from './kubelet/client.ts'
import { kubeletConfig } from './kubelet/config.ts'
import { kubeletInstall } from './kubelet/install.ts'
import { kubeletService } from './kubelet/service.ts'
import { calico, calicoControllers } from './network/calico.ts'
import { cniFiles } from './network/cni-files.ts'
import { flannel } from './network/flannel.ts'
import { networkReady } from './network/ready.ts'
import { ownNetwork } from './network/own.ts'
import { networkPlugins } from './network/plugins.ts'
import { nodeJoinTask, nodeTokens } from './node/join.ts'
import { nodeDelete, nodeDrain, nodeLeaveCheck } from './node/leave.ts'
import { markControlPlane, markNodes } from './node/marks.ts'
import { pkiAuthorities } from './pki/authorities.ts'
import { pkiControlPlane } from './pki/control-plane.ts'
import { pkiEtcd } from './pki/etcd.ts'
import { preflightTasks } from './preflight/tasks.ts'
import { proofNetwork } from './proof/network.ts'
import { proofReady } from './proof/ready.ts'
import { resetTasks } from './reset/tasks.ts'

const tasks: readonly Task<Context>[] = [
  ...preflightTasks,
  hostPackages,
  hostTime,
  hostModules,
  hostSysctl,
  hostSwap,
  hostFirewall,
  hostSelinux,
  hostNames,
  containerdInstall,
  containerdConfig,
  etcdImages,
  apiServerImages,
  controllerImages,
  containerdImages,
  addonImages,
  remainingImages,
  pkiAuthorities,
  pkiControlPlane,
  pkiEtcd,
  kubeletInstall,
  kubeletConfig,
  kubeletClientTask,
  kubeletService,
  etcdClient,
  etcdMember,
  etcdReady,
  etcdJoin,
  controlPlaneApiServer,
  controlPlaneControllers,
  controlPlaneKubectl,
  etcdClients,
  controlPlaneReady,
  controllersReady,
  bootstrapObjectsTask,
  kubeProxy,
  coredns,
  cniFiles,
  flannel,
  networkReady,
  calico,
  calicoControllers,
  ownNetwork,
  networkPlugins,
  markControlPlane,
  markNodes,
  endpointNodeLocal,
  endpointVirtualIP,
  endpointHeld,
  endpointPeers,
  endpointFollowed,
  endpointUnused,
  nodeJoinTask,
  nodeTokens,
  nodeLeaveCheck,
  etcdSnapshotTask,
  nodeDrain,
  etcdLeave,
  nodeDelete,
  proofReady,
  proofNetwork,
  ...resetTasks,
]

/** Every task by its name, for playbooks. */
export function allTasks(): ReadonlyMap<string, Task<Context>> {
  return new Map(tasks.map((task) => [task.name, task]))
}
