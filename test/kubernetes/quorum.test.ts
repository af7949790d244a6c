import { describe, expect, test } from 'vitest'
import { departureOf, majorityOf, type CountedMember } from '../../src/kubernetes/quorum.ts'

type State = 'up' | 'down' | 'learner'

function members(states: readonly State[]): readonly CountedMember[] {
  return states.map((state, index) => ({
    id: `a${index + 1}`,
    name: `cp${index + 1}`,
    peerURLs: [`https://10.89.5.1${index + 1}:2380`],
    learner: state === 'learner',
    healthy: state === 'up',
  }))
}

const departure = (who: number, ...states: readonly State[]) => {
  const all = members(states)
  return departureOf(all[who - 1]!, all)
}

test('the majority is more than half', () => {
  expect([1, 2, 3, 4, 5].map(majorityOf)).toEqual([1, 2, 2, 3, 3])
})

describe('a member may go', () => {
  test.each([
    ['of three that live', 3, ['up', 'up', 'up']],
    ['of two that live', 2, ['up', 'up']],
    ['of three, when it is the dead one', 3, ['up', 'up', 'down']],
    ['of five, when another one is dead', 5, ['up', 'up', 'up', 'down', 'up']],
    ['of five, when it and another one are dead', 5, ['up', 'up', 'up', 'down', 'down']],
    ['when it has no vote', 3, ['up', 'down', 'learner']],
  ] as const)('%s', (_, who, states) => {
    expect(departure(who, ...states).possible).toBe(true)
  })
})

describe('a member may not go', () => {
  test.each([
    ['of three, when another one is dead', 2, ['up', 'up', 'down']],
    ['of five, when two others are dead', 3, ['up', 'up', 'up', 'down', 'down']],
    ['when it is the last', 1, ['up']],
    ['when it is the only one that lives', 1, ['up', 'down']],
  ] as const)('%s', (_, who, states) => {
    expect(departure(who, ...states).possible).toBe(false)
  })
})

test('the arithmetic is said', () => {
  expect(departure(2, 'up', 'up', 'down').arithmetic).toBe(
    'etcd has 3 voters, without cp2 2: 2 of them must live, 1 does (cp1)',
  )
  expect(departure(2, 'up', 'up').arithmetic).toBe('etcd has 2 voters, without cp2 1: 1 of it must live, 1 does (cp1)')
})
