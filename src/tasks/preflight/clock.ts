import type { Facts } from '../../host/facts.ts'
import { error, warning, type Check } from './check.ts'

/** Seconds. Tokens, leases and etcd take a few; certificates are valid from five minutes before they are issued. */
const limits = { warning: 2, error: 10, control: 10, certificates: 240 }

/** The clock agrees with that of the other hosts; and with that of the control machine, which issues the certificates. */
export const clock: Check = ({ host, facts, fleet }) => {
  const reference = median(fleet)
  const difference = reference === undefined ? 0 : facts.clockOffset - reference.facts.clockOffset
  const hint = 'Set the clock, and see that a time service runs ("timedatectl status").'
  if (reference !== undefined && reference.name !== host.name && Math.abs(difference) >= limits.warning) {
    const message = `the clock is ${describe(difference)} that of ${reference.name}`
    return [(Math.abs(difference) >= limits.error ? error : warning)('ClockSkew', message, hint)]
  }
  if (Math.abs(facts.clockOffset) < limits.control) return []
  const message = `the clock is ${describe(facts.clockOffset)} that of this machine`
  if (facts.clockOffset > -limits.certificates) return [warning('ClockSkew', message, hint)]
  return [error('ClockSkew', `${message}, so that certificates which it issues are not valid on the host yet`, hint)]
}

/** The host in the middle: one that is wrong is told apart from the many that are right. Of two, the first is right. */
function median(fleet: ReadonlyMap<string, Facts>): { name: string; facts: Facts } | undefined {
  if (fleet.size < 3) return [...fleet].map(([name, facts]) => ({ name, facts }))[0]
  const sorted = [...fleet].toSorted(([, one], [, other]) => one.clockOffset - other.clockOffset)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)]
  return middle === undefined ? undefined : { name: middle[0], facts: middle[1] }
}

/** `12.3 s ahead of`, `10 min 0 s behind`. */
function describe(seconds: number): string {
  const size = Math.abs(seconds)
  const text = size < 60 ? `${size.toFixed(1)} s` : `${Math.floor(size / 60)} min ${Math.floor(size % 60)} s`
  return seconds > 0 ? `${text} ahead of` : `${text} behind`
}
