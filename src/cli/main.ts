#!/usr/bin/env node
import { exitCodes } from '../engine/errors.ts'
import { reportFailure } from './failure.ts'
import { processIo } from './io.ts'
import { openScreen } from './screen.ts'
import { run } from './run.ts'

process.on('uncaughtException', (thrown) => {
  const io = processIo()
  reportFailure(thrown, openScreen(io, { color: true }), { output: 'text' }, io.now())
  process.exit(exitCodes.internal)
})

process.exitCode = await run(process.argv.slice(2), processIo())
// Work that was given up may hold the process for as long as a host takes to answer; all else gets time to close.
if (process.exitCode === exitCodes.interrupted) process.exit()
setTimeout(() => process.exit(), 2000).unref()
