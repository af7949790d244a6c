const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, y: 365 * 86_400 }

/** A duration as the inventory writes it: `8760h`, `365d`, `1y`, `1h30m`. */
export const durationPattern = /^(?:\d{1,9}[smhdy])+$/

/** The seconds of a duration; a day has 24 hours and a year 365 days. */
export function durationSeconds(text: string): number {
  if (!durationPattern.test(text)) throw new RangeError(`not a duration: ${text}`)
  return [...text.matchAll(/(\d+)([smhdy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * secondsPerUnit[unit!]!,
    0,
  )
}
