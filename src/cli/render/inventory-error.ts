import { basename } from 'node:path'
import type { InventoryError, InventoryProblem } from '../../inventory/problem.ts'
import { renderProblem } from '../../inventory/problem.ts'
import type { Style } from '../style.ts'
import { counted } from './text.ts'

/** All problems of an inventory, each with its place in the file, and how many there are. */
export function inventoryErrorText({ problems }: InventoryError, style: Style): string {
  const texts = problems.map((problem) => {
    const place = `${problem.file}:${problem.line}:${problem.column}`
    return `${style('bad', place)}${renderProblem(problem).slice(place.length)}`
  })
  const file = basename(problems[0]?.file ?? 'the inventory')
  return [...texts, '', style('bad', `${file} has ${counted(problems.length, 'problem')}.`)].join('\n')
}

/** A problem of the inventory in the shape of any other error, with its place. */
export function problemRecord({ code, message, hint, file, line, column, path }: InventoryProblem): object {
  return { code, exit: 'inventory', message, hint, file, line, column, path }
}
