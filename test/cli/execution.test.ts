import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type ExitClass, exitCodes, KubewrightError, KubewrightErrors } from '../../src/engine/errors.ts'
import { InventoryError } from '../../src/inventory/problem.ts'
import { call, changeOf, planOf, prepared, workplace } from './support.ts'

const plan = planOf([changeOf(), changeOf({ host: 'w1' })])
const finding = { check: 'NumCPU', severity: 'error', message: '1 CPU', hint: '' } as const
const badHost = { host: 'cp1', finding }

function errorOf(exit: ExitClass, code = 'KW3004'): KubewrightError {
  return new KubewrightError({ code, exit, message: 'It failed', hint: 'Mend it.', host: 'cp1' })
}

describe('plan', () => {
  test('exits with 2 when there are changes and with 0 when there are none', async () => {
    const cwd = await workplace()
    const changes = await call({ argv: ['plan'], cwd, services: { prepare: prepared({ plan }) } })
    expect(changes.code).toBe(2)
    expect(changes.stdout.text).toContain('+ write /etc/a.conf   cp1, w1')
    const none = await call({ argv: ['plan'], cwd, services: { prepare: prepared({}) } })
    expect(none.code).toBe(0)
    expect(none.stdout.text).toBe('No changes. The cluster is as the inventory says.\n')
  })

  test('with --output json stdout is one document that apply --plan can read', async () => {
    const cwd = await workplace()
    const { stdout } = await call({ argv: ['plan', '-o', 'json'], cwd, services: { prepare: prepared({ plan }) } })
    expect(JSON.parse(stdout.text)).toMatchObject({
      formatVersion: 1,
      cluster: 'demo',
      entries: [{ host: 'cp1' }, { host: 'w1' }],
    })
    await writeFile(join(cwd, 'demo.plan'), stdout.text)
    const argv = ['apply', '--plan', 'demo.plan', '--yes']
    expect((await call({ argv, cwd, services: { prepare: prepared({ plan }) } })).code).toBe(0)
  })

  test('--out saves it for its owner alone', async () => {
    const cwd = await workplace()
    await call({ argv: ['plan', '--out', 'demo.plan'], cwd, services: { prepare: prepared({ plan }) } })
    const { mode } = await stat(join(cwd, 'demo.plan'))
    expect(mode & 0o777).toBe(0o600)
  })

  test('findings that stop a run are shown before the changes, and the exit code is 6', async () => {
    const findings = planOf(plan.changes, [badHost])
    const services = {
      prepare: prepared({ plan: findings, blocking: [badHost], notices: ['Somebody else was here.'] }),
    }
    const { code, stderr } = await call({ argv: ['plan'], cwd: await workplace(), services })
    expect(code).toBe(6)
    expect(stderr.lines.slice(0, 3)).toEqual([
      'Note: Somebody else was here.',
      'error NumCPU [cp1] 1 CPU',
      'If you know better: --ignore NumCPU',
    ])
  })

  test('flags reach the engine', async () => {
    const seen: unknown[] = []
    const argv = ['plan', '--limit', 'cp1,w1', '--ignore', 'Mem', '--ignore', 'Swap,NumCPU', '--deep']
    const prepare = prepared({})
    const services = {
      prepare: (async (options, mode) => {
        seen.push({ ...options, mode })
        return prepare(options, mode)
      }) satisfies typeof prepare,
    }
    await call({ argv, cwd: await workplace(), services })
    expect(seen).toMatchObject([
      {
        limit: ['cp1', 'w1'],
        ignore: ['Mem', 'Swap', 'NumCPU'],
        deep: true,
        verbose: false,
        playbook: 'cluster',
        mode: 'plan',
      },
    ])
  })

  test('a host that the inventory does not have is wrong usage', async () => {
    const services = { prepare: prepared({ plan }) }
    const { code, stderr } = await call({ argv: ['plan', '--limit', 'w2'], cwd: await workplace(), services })
    expect(code).toBe(3)
    expect(stderr.text).toContain('Did you mean w1?')
  })
})

describe('preflight', () => {
  test('shows findings alone and exits with 6 when one is an error', async () => {
    const services = { prepare: prepared({ plan: planOf(plan.changes, [badHost]), blocking: [badHost] }) }
    const { code, stdout } = await call({ argv: ['preflight'], cwd: await workplace(), services })
    expect(code).toBe(6)
    expect(stdout.text).toBe('Preflight: 1 error, 0 warnings on 2 hosts.\n')
  })
})

describe('apply', () => {
  test('a yes on the terminal carries the plan out', async () => {
    const services = { prepare: prepared({ plan, events: [started('cp1'), started('w1')] }) }
    const { code, stdout, stderr } = await call({
      argv: ['apply'],
      cwd: await workplace(),
      typed: ['perhaps', 'yes'],
      services,
    })
    expect(code).toBe(0)
    expect(stderr.text).toContain('Please answer yes or no.')
    expect(stdout.lines.slice(-2)).toEqual([
      '00:00 [cp1] host/sysctl: write /etc/a.conf',
      '00:00 [w1] host/sysctl: write /etc/a.conf',
    ])
    expect(stderr.text).toContain('Done: 2 changes in 0s.')
  })

  test.each([[['no']], [[]]])('any other end of the question changes nothing: %j', async (typed) => {
    let disposed = false
    const services = { prepare: prepared({ plan, whileApplying: unwanted, disposed: () => (disposed = true) }) }
    const { code, stderr } = await call({ argv: ['apply'], cwd: await workplace(), typed, services })
    expect(code).toBe(10)
    expect(stderr.text).toContain('Nothing was changed.')
    expect(disposed).toBe(true)
  })

  test('without a terminal it wants --yes', async () => {
    const services = { prepare: prepared({ plan, whileApplying: unwanted }) }
    const { code, stderr } = await call({ argv: ['apply'], cwd: await workplace(), services })
    expect(code).toBe(3)
    expect(stderr.text).toContain('kubewright apply --yes')
  })

  test('nothing to change needs no yes', async () => {
    const { code, stdout } = await call({
      argv: ['apply'],
      cwd: await workplace(),
      services: { prepare: prepared({}) },
    })
    expect(code).toBe(0)
    expect(stdout.text).toBe('No changes. The cluster is as the inventory says.\n')
  })

  test('preflight errors stop it before the question', async () => {
    const services = { prepare: prepared({ plan, blocking: [badHost], whileApplying: unwanted }) }
    expect((await call({ argv: ['apply', '--yes'], cwd: await workplace(), services })).code).toBe(6)
  })

  test('a failure shows all errors, what is done and how to continue; the first error decides the exit code', async () => {
    const result = {
      outcome: 'failed',
      changes: 1,
      errors: [errorOf('connection', 'KW2006'), errorOf('apply')],
    } as const
    const services = { prepare: prepared({ plan, result }) }
    const { code, stderr } = await call({ argv: ['apply', '--yes'], cwd: await workplace(), services })
    expect(code).toBe(5)
    expect(stderr.text).toContain('error KW2006 [cp1] It failed')
    expect(stderr.text).toContain('error KW3004 [cp1] It failed')
    expect(stderr.text).toContain('Failed: 1 of 2 changes is done.')
    expect(stderr.text).toMatch(/Log: \.kubewright\/logs\/.*-apply\.ndjson/)
  })

  test('with --output json there is the plan, then an event a line, and nothing else', async () => {
    const services = { prepare: prepared({ plan, events: [started('cp1')] }) }
    const { stdout, stderr } = await call({ argv: ['apply', '--yes', '-o', 'json'], cwd: await workplace(), services })
    const types = stdout.lines.map((line) => (JSON.parse(line) as { type: string }).type)
    expect(types).toEqual(['plan', 'change-started', 'traffic'])
    expect(stderr.text).toBe('')
  })

  test('the traffic is for those who want to know everything', async () => {
    const services = { prepare: prepared({ plan }) }
    const { stderr } = await call({ argv: ['apply', '--yes', '--verbose'], cwd: await workplace(), services })
    expect(stderr.text).toContain('[cp1]   3 executions   2 KiB sent   10 B received')
  })

  test('reset wants the name of the cluster', async () => {
    const services = { prepare: prepared({ plan }) }
    const { code, stderr } = await call({ argv: ['reset'], cwd: await workplace(), typed: ['yes', 'demo'], services })
    expect(code).toBe(0)
    expect(stderr.text).toContain('destroys the cluster demo on 2 hosts')
    expect(stderr.text).toContain('Please answer demo or no.')
  })

  test('reset of named hosts reaches no other, and its question names them and the size of what is lost', async () => {
    const summary = "remove etcd's data in /var/lib/etcd (66 MB)"
    const erased = changeOf({ resource: 'erased:etcd', change: { verb: 'delete', summary } })
    const limits: (readonly string[])[] = []
    const prepare = prepared({ plan: planOf([erased]) })
    const services = {
      prepare: (async (options, mode) => {
        limits.push(options.limit)
        return prepare(options, mode)
      }) satisfies typeof prepare,
    }
    const { stderr } = await call({ argv: ['reset', 'cp1'], cwd: await workplace(), typed: ['no'], services })
    expect(limits).toEqual([['cp1']])
    expect(stderr.text).toContain(`[cp1] ${summary}\nThis destroys what is of the cluster demo on 1 host (cp1), `)
  })

  test('reset of a host that the inventory does not have is wrong usage', async () => {
    const { code, stderr } = await call({
      argv: ['reset', 'w2'],
      cwd: await workplace(),
      services: { prepare: prepared({}) },
    })
    expect(code).toBe(3)
    expect(stderr.text).toContain('w2 is not a host of the inventory')
  })
})

test('a reset that finds nothing says so', async () => {
  const { code, stdout } = await call({ argv: ['reset'], cwd: await workplace(), services: { prepare: prepared({}) } })
  expect(code).toBe(0)
  expect(stdout.text).toBe('Nothing to reset: the hosts hold nothing of this cluster.\n')
})

describe('what goes wrong before anything is done', () => {
  test.each(Object.keys(exitCodes) as ExitClass[])('the exit code of %s is its own', async (exit) => {
    const services = { prepare: failing(new KubewrightErrors([errorOf(exit), errorOf('internal')])) }
    expect((await call({ argv: ['plan'], cwd: await workplace(), services })).code).toBe(exitCodes[exit])
  })

  test('a wrong inventory is exit code 4', async () => {
    const problem = {
      code: 'KW1000',
      file: 'i.yaml',
      line: 1,
      column: 1,
      path: '',
      message: 'no',
      hint: 'yes',
    } as const
    const services = { prepare: failing(new InventoryError([problem])) }
    expect((await call({ argv: ['apply'], cwd: await workplace(), services })).code).toBe(4)
  })

  test('a defect leaves its trace in the run log alone', async () => {
    const cwd = await workplace()
    const { code, stderr } = await call({ argv: ['plan'], cwd, services: { prepare: failing(new TypeError('oops')) } })
    expect(code).toBe(1)
    expect(stderr.text).toContain('error KW0001 oops')
    expect(stderr.text).not.toContain('execution.test.ts')
    expect(await logOf(cwd)).toContain('execution.test.ts')
  })
})

describe('the run log', () => {
  test('has every event, and is for its owner alone', async () => {
    const cwd = await workplace()
    const services = { prepare: prepared({ plan, events: [started('cp1'), started('w1')] }) }
    await call({ argv: ['apply', '--yes'], cwd, services })
    expect((await logOf(cwd)).trimEnd().split('\n')).toHaveLength(2)
    const [name] = await readdir(join(cwd, '.kubewright', 'logs'))
    expect(name).toBe('2026-11-21T12-00-00.000Z-apply.ndjson')
    expect((await stat(join(cwd, '.kubewright'))).mode & 0o777).toBe(0o700)
    expect((await stat(join(cwd, '.kubewright', 'logs', name ?? ''))).mode & 0o777).toBe(0o600)
  })

  test('only the last 20 are kept', async () => {
    const cwd = await workplace()
    const logs = join(cwd, '.kubewright', 'logs')
    await mkdir(logs, { recursive: true })
    for (let day = 1; day <= 25; day++)
      await writeFile(join(logs, `2026-01-${String(day).padStart(2, '0')}-plan.ndjson`), '')
    await call({ argv: ['plan'], cwd, services: { prepare: prepared({}) } })
    const names = (await readdir(logs)).toSorted()
    expect(names).toHaveLength(20)
    expect(names[0]).toBe('2026-01-07-plan.ndjson')
  })

  test('one that cannot be written is a warning', async () => {
    const cwd = await workplace()
    await writeFile(join(cwd, '.kubewright'), 'in the way')
    const { code, stderr } = await call({ argv: ['plan'], cwd, services: { prepare: prepared({}) } })
    expect(code).toBe(0)
    expect(stderr.text).toContain('warning The run log cannot be written')
  })
})

function started(host: string) {
  return {
    type: 'change-started',
    host,
    task: 'host/sysctl',
    resource: 'x',
    verb: 'create',
    summary: 'write /etc/a.conf',
  } as const
}

function failing(thrown: Error) {
  return async () => {
    throw thrown
  }
}

async function unwanted(): Promise<void> {
  throw new Error('this must not be applied')
}

async function logOf(directory: string): Promise<string> {
  const logs = join(directory, '.kubewright', 'logs')
  const [name = ''] = await readdir(logs)
  return readFile(join(logs, name), 'utf8')
}
