/** The number of single-character edits (insert, delete, replace, swap two neighbours) between two words. */
export function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let best = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) best = Math.min(best, beforePrevious[column - 2]! + 1)
      current.push(best)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[to.length]!
}

/** The known name that was most likely meant, or undefined when none is close enough to be worth a suggestion. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceOf(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined
}

function distanceOf(word: string, candidate: string): number {
  // `version` for `kubernetesVersion` is far by edits, but obvious to a reader.
  const partOf = word.length >= 4 && (candidate.includes(word) || (candidate.length >= 4 && word.includes(candidate)))
  const edits = editDistance(word, candidate)
  return partOf ? Math.min(edits, 1) : edits
}
