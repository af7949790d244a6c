import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { labDown, labUp } from '../lab/index.ts'
import { driftIsRepaired } from './cluster/drift.ts'
import { installationGoesAsPlanned } from './cluster/installation.ts'
import { kubeadmAgrees } from './cluster/kubeadm.ts'
import { oneRunAtATime } from './cluster/lock.ts'
import { livingClusterIsNotTurnedOver } from './cluster/refusals.ts'
import { secondRunDoesNothing } from './cluster/second-run.ts'
import { secretsStaySecret } from './cluster/secrecy.ts'
import { shared, type Shared } from './cluster/shared.ts'
import { clusterWorks } from './cluster/working.ts'

const name = 'e2ecluster'

describe('one control plane and two workers on Debian 12', () => {
  let scratch = ''

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'kubewright-e2e-'))
    const lab = await labUp({ name, controlPlanes: 1, workers: 2, kubernetes: '1.37.1', fresh: true })
    Object.assign<Shared, Partial<Shared>>(shared, { lab, scratch })
  })

  afterAll(async () => {
    await labDown(name)
    await rm(scratch, { recursive: true, force: true })
  })

  installationGoesAsPlanned()
  clusterWorks()
  secondRunDoesNothing()
  secretsStaySecret()
  livingClusterIsNotTurnedOver()
  driftIsRepaired()
  oneRunAtATime()
  kubeadmAgrees()
})
