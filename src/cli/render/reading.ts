import type { OutputStream } from '../io.ts'
import type { Style } from '../style.ts'
import type { Renderer } from './renderer.ts'

/** One line that says what the program is busy with, and is gone afterwards. Only a wait changes it, when no question stands below it any more. */
export function readingRenderer(stream: OutputStream, inventory: string, style: Style): Renderer {
  const line = style('faint', `Reading the hosts of ${inventory} ...`)
  const erase = '\r\u001B[2K'
  stream.write(line)
  return {
    event(event) {
      if (event.type !== 'waiting') return
      stream.write(`${erase}${style('place', `[${event.host}]`)} waiting: ${event.reason}\n${line}`)
    },
    close: async () => void stream.write(erase),
  }
}
