import type { KubewrightError } from './errors.ts'
import type { Change, Finding } from './resource.ts'

/** What happens during a run, as it happens; renderers draw it, the engine draws nothing. */
export type EngineEvent =
  | {
      readonly type: 'operation-started'
      readonly operation: string
      readonly playbook: string
      readonly resumed: boolean
    }
  | { readonly type: 'host-connected'; readonly host: string }
  | { readonly type: 'finding'; readonly host: string; readonly finding: Finding; readonly ignored: boolean }
  | {
      readonly type: 'phase-started' | 'phase-finished' | 'phase-skipped' | 'phase-failed'
      readonly phase: string
      readonly host: string
    }
  | {
      readonly type: 'task-started' | 'task-finished'
      readonly phase: string
      readonly host: string
      readonly task: string
      readonly summary: string
    }
  | {
      readonly type: 'change-started' | 'change-finished'
      readonly host: string
      readonly task: string
      readonly resource: string
      readonly verb: Change['verb']
      readonly summary: string
    }
  | {
      readonly type: 'waiting'
      readonly host: string
      readonly resource: string
      readonly reason: string
      readonly seconds: number
    }
  /** What an action has found out that people want to know. */
  | { readonly type: 'note'; readonly host: string; readonly text: string }
  | { readonly type: 'error'; readonly error: KubewrightError }
  | { readonly type: 'stopping'; readonly reason: string }
  | {
      readonly type: 'operation-finished'
      readonly operation: string
      readonly outcome: 'done' | 'failed' | 'interrupted'
      readonly changes: number
    }

export type Emit = (event: EngineEvent) => void
