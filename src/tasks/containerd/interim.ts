import { task } from '../../engine/task.ts'
import type { Context } from '../context.ts'
import { containerdImages as images, containerdProofImage } from './images.ts'

export { containerdConfig } from './config.ts'
export { containerdInstall } from './install.ts'

/** Both sets of images in one task, until the playbook lists containerd/proof-image by itself. */
export const containerdImages = task<Context>({
  ...images,
  resources: (context) => [...images.resources(context), ...containerdProofImage.resources(context)],
})
