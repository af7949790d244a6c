import type { OutputStream } from '../io.ts'
import type { Style } from '../style.ts'
import type { Renderer } from './renderer.ts'

/** One line that says what the program is busy with, and is gone afterwards. It never changes: a question may stand below it. */
export function readingRenderer(stream: OutputStream, inventory: string, style: Style): Renderer {
  stream.write(style('faint', `Reading the hosts of ${inventory} ...`))
  return {
    event: () => undefined,
    close: async () => void stream.write('\r\u001B[2K'),
  }
}
