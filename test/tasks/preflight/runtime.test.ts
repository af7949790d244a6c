import { describe, expect, test } from 'vitest'
import type { Survey } from '../../../src/host/facts.ts'
import { preflightHost } from '../../../src/tasks/preflight/host.ts'
import { contextOf, factsOf } from '../../support/facts.ts'
import { found, own, told } from './findings.ts'

const unit = { active: 'active', enabled: 'enabled', fragment: '/usr/lib/systemd/system/x.service' }

function on(survey: Partial<Survey>) {
  return contextOf({ facts: factsOf({ survey }) })
}

function program(name: string, version: string, path = `/usr/bin/${name}`): Partial<Survey> {
  return { programs: { [name]: { path, version } } }
}

describe('a containerd of others', () => {
  test('is named', () => {
    expect(found(preflightHost, on(program('containerd', '2.1.4')))).toEqual(['warning CRI'])
    expect(told(preflightHost, on(program('containerd', '2.1.4')))).toContain(
      'containerd 2.1.4 is installed at /usr/bin/containerd',
    )
  })

  test('is refused when it is too old for the kubelet', () => {
    const context = on(program('containerd', '1.6.20'))
    expect(found(preflightHost, context)).toEqual(['error ContainerRuntimeVersion'])
    expect(told(preflightHost, context)).toMatch(/1\.6\.20 .*, Kubernetes 1\.37\.1 needs \d+\.\d+\.\d+ or later/)
  })

  test('is named even if its version cannot be told', () => {
    expect(found(preflightHost, on(program('containerd', '')))).toEqual(['warning CRI'])
  })

  test('is not one that we have installed', () => {
    const path = '/usr/local/bin/containerd'
    const installed = { [path]: { sha256: 'x', stat: '1 2 3', name: 'containerd 2.2.9' } }
    const facts = factsOf({ survey: program('containerd', '2.2.9', path), state: { cluster: own, installed } })
    expect(found(preflightHost, contextOf({ facts }))).toEqual([])
  })
})

test('runc 1.1.3 is refused, its successor is not', () => {
  expect(found(preflightHost, on(program('runc', '1.1.3')))).toEqual(['error Runc'])
  expect(found(preflightHost, on(program('runc', '1.1.5')))).toEqual([])
})

test('Docker is named and left alone', () => {
  const context = on({ ...program('dockerd', '24.0.7'), units: { docker: unit } })
  expect(found(preflightHost, context)).toEqual(['warning CRI'])
  expect(told(preflightHost, context)).toMatch(/Docker 24\.0\.7 is installed[^]*Docker restarts with it/)
})

test('CRI-O is named and left alone', () => {
  expect(found(preflightHost, on({ units: { crio: unit } }))).toEqual(['warning CRI'])
})

test('another distribution of Kubernetes is refused by its name', () => {
  const context = on({ units: { 'k3s-agent': unit } })
  expect(found(preflightHost, context)).toEqual(['error OtherDistribution'])
  expect(told(preflightHost, context)).toContain('K3s is installed on this host (k3s-agent.service)')
})
