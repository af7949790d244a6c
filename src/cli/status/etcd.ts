import { z } from 'zod'
import type { Probe } from '../../engine/resource.ts'
import { scriptFile } from '../../host/script.ts'
import { certificateFiles } from '../../pki/certificates.ts'
import { sh } from '../../transport/command.ts'
import type { EtcdStatus } from './model.ts'

const client = certificateFiles({ path: 'etcd/healthcheck-client' })

const endpoints = z.array(
  z.object({
    Status: z.object({
      header: z.object({ member_id: z.number() }),
      version: z.string().default(''),
      dbSize: z.number().default(0),
      leader: z.number().default(0),
      errors: z.array(z.string()).nullish(),
    }),
  }),
)
const memberList = z.object({
  members: z.array(z.object({ name: z.string().default(''), isLearner: z.boolean().default(false) })),
})

/** Asks the etcd member of a control plane, with the client certificate that its own health check uses. */
export function etcdProbe(host: string): Probe<EtcdStatus | undefined> {
  return {
    script: sh`[ -s ${client.certificate} ] || { echo absent; exit; }
command -v etcdctl >/dev/null || { echo no-etcdctl; exit; }
${scriptFile('etcd/client.sh')}
ask() { kw_etcdctl 10 https://127.0.0.1:2379 --dial-timeout 3s --command-timeout 5s --write-out json "$@" 2>/dev/null; }
printf 'status '; ask endpoint status | tr -d '\n'; echo
printf 'members '; ask member list | tr -d '\n'; echo`,
    parse: (output) => parseEtcd(host, output),
  }
}

function parseEtcd(host: string, output: string): EtcdStatus | undefined {
  const nothing = { host, healthy: false, leader: false, version: '', databaseSize: 0, members: [] }
  if (output.trim() === 'absent') return undefined
  if (output.trim() === 'no-etcdctl') return { ...nothing, problem: 'etcdctl is not on the host' }
  const line = (name: string): unknown => json(new RegExp(`^${name} (.*)$`, 'm').exec(output)?.[1])
  const status = endpoints.safeParse(line('status')).data?.[0]?.Status
  if (status === undefined) return { ...nothing, problem: 'it does not answer' }
  const members = memberList.safeParse(line('members')).data?.members ?? []
  const problem = status.errors?.join('; ') ?? ''
  return {
    host,
    healthy: problem === '' && status.leader !== 0,
    leader: status.leader === status.header.member_id,
    version: status.version,
    databaseSize: status.dbSize,
    members: members.map(({ name, isLearner }) => ({ name, learner: isLearner })),
    problem: problem === '' ? (status.leader === 0 ? 'there is no leader' : undefined) : problem,
  }
}

function json(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown
  } catch {
    return undefined
  }
}
