import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { $ } from '../shell.ts'
import { finalPath, type Output } from './recipe.ts'

/** Whether upstream's download site answers from this machine. */
export async function upstreamAnswers(): Promise<boolean> {
  try {
    const answer = await fetch('https://dl.k8s.io/release/stable.txt', {
      method: 'HEAD',
      signal: AbortSignal.timeout(3000),
    })
    return answer.ok
  } catch {
    return false
  }
}

/** Fetches one output from where upstream publishes it and answers the file. */
export async function fetchUpstream(scratch: string, output: Output): Promise<string> {
  await mkdir(scratch, { recursive: true })
  const file = join(scratch, `fetched-${output.kind}-${output.name}`)
  const { upstream } = output
  if ('image' in upstream) {
    await $`skopeo copy --quiet docker://${upstream.image} docker-archive:${file}:${upstream.image}`
    return file
  }
  const answer = await fetch(upstream.url)
  if (!answer.ok || answer.body === null) {
    throw new Error(
      `${upstream.url} answered ${answer.status}: check the versions in test/lab/artifacts, or build without upstream.`,
    )
  }
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(file))
  if (upstream.member === undefined) return file
  await $`tar -C ${scratch} -xzf ${file} ${upstream.member}`
  return join(scratch, upstream.member)
}

/** The key of an output in a build's answer: its name, or the name of its file where two share a name. */
export function builtFile(built: Readonly<Record<string, string>>, output: Output): string {
  const fileName = finalPath(output).split('/').at(-1) ?? output.name
  const file = built[fileName] ?? built[output.name]
  if (file === undefined)
    throw new Error(`The recipe of ${output.name} built no ${fileName}: see test/lab/artifacts/recipes.`)
  return file
}
