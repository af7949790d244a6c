import { KubewrightError } from '../engine/errors.ts'
import type { Resource } from '../engine/resource.ts'
import type { Diagnosis, Operation, ReadyChange, Target } from '../engine/target.ts'
import { sh, type Command } from '../transport/command.ts'
import { TransportError, type ExecResult, type Transport } from '../transport/transport.ts'
import { actShipment } from './act.ts'
import { connectionError } from './connection-error.ts'
import type { ClusterRecord } from './facts.ts'
import { stillWorking } from './lock.ts'
import { beginShipment, finishShipment, forgetShipment, passingShipment } from './operation.ts'
import { probeBatch, probePrelude, type ProbeBatch } from './probe.ts'
import { braced } from './script.ts'
import { explain as explanationOf } from './signatures.ts'

/** The engine's view of a host that is reached by a transport. `record` is what the facts said of the cluster that owns it. */
export function hostTarget(transport: Transport, record: ClusterRecord | undefined, lost: () => boolean): Target {
  const name = transport.host
  const exec = async (script: Command, payload?: AsyncIterable<Buffer>, readOnly = false): Promise<ExecResult> => {
    try {
      return await transport.exec(script, { readOnly, ...(payload === undefined ? {} : { payload }) })
    } catch (thrown) {
      throw thrown instanceof TransportError ? connectionError(thrown) : thrown
    }
  }
  const mutate = async (shipment: { script: Command; payload: AsyncIterable<Buffer> }): Promise<ExecResult> => {
    if (lost()) throw lockLost(name)
    return exec(shipment.script, shipment.payload)
  }
  const closing = (operation: Operation, outcome: 'done' | 'superseded'): ReturnType<typeof finishShipment> => {
    if (operation.outside?.includes(name) === true) return passingShipment(operation, outcome)
    const forgets = outcome === 'done' && operation.forget?.includes(name) === true
    return forgets ? forgetShipment(operation) : finishShipment(operation, record, outcome)
  }
  return {
    name,
    async probe(resources) {
      const batch = probeBatch(resources.map((resource) => resource.probe))
      const { stdout } = await exec(batch.script, undefined, true)
      return statesOf(resources, batch, stdout)
    },
    async begin(operation) {
      const passes = operation.outside?.includes(name) === true
      const result = await mutate(passes ? passingShipment(operation, 'opened') : beginShipment(operation, record))
      if (result.code === 71) throw foreignHost(name, operation)
      if (result.code !== 0) throw bookkeepingFailed(name, result)
    },
    async act(operation, changes, look = [], tell) {
      const batch = probeBatch(look.map((resource) => resource.probe))
      const result = await mutate(actShipment(operation, changes, batch))
      for (const [, text = ''] of batch.before(result.stdout).matchAll(/^note (.+)$/gm)) tell?.(text)
      if (result.code !== 0) throw actionFailed(name, changes, result)
      return statesOf(look, batch, result.stdout)
    },
    async finish(operation, outcome) {
      const result = await mutate(closing(operation, outcome))
      if (result.code === 71) throw foreignHost(name, operation)
      if (result.code !== 0) throw bookkeepingFailed(name, result)
    },
    async read(path) {
      const result = await exec(
        sh`[ -e ${path} ] || exit 44
cat ${path}`,
        undefined,
        true,
      )
      if (result.code === 44) return undefined
      // That there is none lets a new authority be made, so whatever else went wrong must not look like it.
      if (result.code !== 0) throw unreadable(name, path, result)
      return result.stdout
    },
    diagnose: (resource) => diagnose(resource, (script) => exec(script, undefined, true)),
  }
}

function statesOf(resources: readonly Resource[], batch: ProbeBatch, stdout: Buffer): ReadonlyMap<string, unknown> {
  const outputs = batch.parse(stdout)
  return new Map(resources.map(({ id, probe }) => [id, probe.parse(outputs.get(probe.script.text) ?? '')]))
}

async function diagnose(resource: Resource, exec: (script: Command) => Promise<ExecResult>): Promise<Diagnosis> {
  const explain = resource.gate?.explain
  if (explain === undefined) return { output: '' }
  const { stdout, stderr } = await exec(
    braced(sh`${probePrelude}
${explain}`),
  )
  const output = tail(Buffer.concat([stdout, stderr]).toString('utf8'), 40)
  const hint = explanationOf(output)
  return hint === undefined ? { output } : { output, hint }
}

function tail(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}

function lockLost(host: string): KubewrightError {
  return new KubewrightError({
    code: 'KW2010',
    exit: 'connection',
    host,
    message: `The lock on ${host} was lost with its connection, so nothing more is done there`,
    hint: 'See whether another run holds the host now, then run apply again; it continues.',
  })
}

function foreignHost(host: string, operation: Operation): KubewrightError {
  return new KubewrightError({
    code: 'KW2020',
    exit: 'refused',
    host,
    message: `${host} belongs to another cluster than ${operation.cluster.name}; nothing was written on it`,
    hint: 'Take the host out of the inventory, or reset it with the inventory of the cluster that it belongs to.',
  })
}

function unreadable(host: string, path: string, { code, stderr }: ExecResult): KubewrightError {
  return new KubewrightError({
    code: 'KW3021',
    exit: 'apply',
    host,
    message: `${path} could not be read on ${host} (exit code ${code})`,
    hint: 'Look at the output below, mend it, then run apply again.',
    output: tail(stderr.toString('utf8'), 10),
  })
}

function bookkeepingFailed(host: string, { code, stderr }: ExecResult): KubewrightError {
  const output = tail(stderr.toString('utf8'), 10)
  if (code === 75) return stillWorking(host)
  const full = output.includes('No space left on device')
  return new KubewrightError({
    code: full ? 'KW3005' : 'KW3006',
    exit: 'apply',
    host,
    message: full
      ? `The disk that holds /var/lib/kubewright is full on ${host}`
      : `The journal in /var/lib/kubewright could not be written on ${host} (exit code ${code})`,
    hint: full
      ? 'Free some space there, then run apply again.'
      : 'Look at the output below, mend it, then run apply again.',
    output,
  })
}

function actionFailed(host: string, changes: readonly ReadyChange[], result: ExecResult): KubewrightError {
  const { code, stdout, stderr } = result
  if (code === 74 || code === 75) return bookkeepingFailed(host, result)
  const output = tail(stderr.toString('utf8'), 20)
  const [, index, exitCode] = /^failed (\d+) (\d+)$/m.exec(stdout.toString('utf8')) ?? []
  const failed = changes[Number(index ?? 0)]
  const common = {
    exit: 'apply',
    host,
    output,
    ...(failed === undefined ? {} : { resource: failed.resource }),
  } as const
  if (output.includes('No space left on device')) {
    const hint = 'Free some space there, then run apply again; it continues from here.'
    return new KubewrightError({ ...common, code: 'KW3005', message: `A disk of ${host} is full`, hint })
  }
  if (output.includes('KW-CHECKSUM')) {
    const hint =
      'The artifact is damaged or was replaced; get the bundle again (its index.json says what it should be).'
    const message = `${failed?.change.summary ?? 'An artifact'}: the checksum is wrong, so it was refused`
    return new KubewrightError({ ...common, code: 'KW3008', message, hint })
  }
  return new KubewrightError({
    ...common,
    code: 'KW3004',
    message: `${failed?.change.summary ?? 'A change'} failed on ${host} (exit code ${exitCode ?? code})`,
    hint:
      explanationOf(output) ??
      'The output below is what the host said; mend it and run apply again, it continues from here.',
  })
}
