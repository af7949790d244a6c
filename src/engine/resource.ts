import type { Command, Secret } from '../transport/command.ts'

export type Verb = 'create' | 'update' | 'delete' | 'restart' | 'run' | 'wait'

/** What a change means for those who use the cluster, mildest first. */
export type Impact = 'none' | 'restart' | 'api-outage' | 'workload'

/** Read-only shell and a parser for its output; both are pure, and total: a missing prerequisite is a state, never an error. */
export interface Probe<State> {
  readonly script: Command
  /** The positional parameters of the script. Probes of one script share one run, which is given the words of all of them. */
  readonly words?: readonly string[]
  /** Gets stdout of the script; what it throws is a defect of the probe. */
  parse(output: string): State
}

/** One thing on one host (or in the API) that shall be a certain way. A value: it does no I/O. */
export interface Resource<State = unknown> {
  /** `file:/etc/containerd/config.toml`; unique on its host. */
  readonly id: string
  readonly probe: Probe<State>
  /** What is looked at right after a change, where its success says more than another look would find out. Default: the probe. */
  readonly proof?: Probe<State>
  /** Undefined: it is as it shall be. */
  compare(state: State): Change | undefined
  /** The part of the state that a saved plan is bound to; undefined for what changes by itself (gates). Default: the state. */
  digest?(state: State): unknown
  /** Ids of resources of the same host whose change makes this one stale; `*` stands for every change on any host. */
  readonly inputs?: readonly string[]
  /** The change that is due because inputs change, when `compare` alone finds none. */
  stale?(changed: readonly string[]): Change
  /** For a wait: how long and how often the probe is polled, and what explains a failure. Actions of its change are repeated while it lasts. */
  readonly gate?: Gate
  /** Findings that stop a run before it writes anything (preflight). */
  examine?(state: State): readonly Finding[]
}

export interface Gate {
  /** Seconds. */
  readonly limit: number
  readonly interval: number
  /** Read-only diagnosis, run when the limit has passed; its output goes into the error. */
  readonly explain?: Command
  /** What to do when the limit has passed. */
  readonly hint?: string
  /** Done when the limit has passed: takes back what was done for the sake of this wait. */
  readonly relent?: Change
}

export interface Finding {
  /** kubeadm's id for the same check where it has one; what `--ignore` takes. */
  readonly check: string
  readonly severity: 'error' | 'warning'
  /** The run cannot go on whatever is ignored. */
  readonly final?: boolean
  readonly message: string
  readonly hint: string
}

export interface Change {
  readonly verb: Verb
  readonly summary: string
  /** Unified text; never holds a secret. */
  readonly diff?: string
  readonly impact: Impact
  readonly actions: readonly Action[]
}

/** How an action is taken back: from the backup, by its opposite, or not at all. */
export type Undo = 'restore' | 'inverse' | 'none'

/** A value that exists only during apply. The plan shows its description and "known after apply". */
export interface Deferred<Value> {
  readonly kind: 'deferred'
  readonly description: string
  resolve(context: Resolving): Promise<Value>
  /** The part of it that takes long and needs no host: it is done ahead, while hosts are busy, and kept by `once`. */
  ahead?(context: Resolving): Promise<unknown>
}

/** What a deferred value may use. */
export interface Resolving {
  /** Content of a file on a host, undefined if there is none. */
  read(host: string, path: string): Promise<Secret | undefined>
  /** One value per key and operation: a key that was made once is the same for everyone who asks. */
  once<Value>(key: string, make: () => Promise<Value>): Promise<Value>
  readonly now: Date
}

export type Content = string | Secret | Deferred<string | Secret>

interface Located {
  /** The host it runs on; undefined: the resource's own. */
  readonly host?: string
  readonly undo: Undo
}

export interface WriteFile extends Located {
  readonly kind: 'write'
  readonly path: string
  readonly content: Content
  readonly mode: number
  /** `root:root` when not given. */
  readonly owner?: string
  /** Why a rename may be impossible: the file is a mount point, so it is rewritten in place. */
  readonly inPlace?: boolean
}

export interface MakeDirectory extends Located {
  readonly kind: 'directory'
  readonly path: string
  readonly mode: number
  readonly owner?: string
}

export interface Link extends Located {
  readonly kind: 'link'
  readonly path: string
  readonly target: string
}

export interface Remove extends Located {
  readonly kind: 'remove'
  readonly path: string
}

/** A command. Whatever it waits for, it gives up by itself within some minutes: nobody stops it, and it holds the host's lock. */
export interface Run extends Located {
  readonly kind: 'run'
  readonly command: Command
  /** Goes to the command's stdin. */
  readonly input?: Content
}

/** A file of the control machine that is sent. */
export interface SentFile {
  readonly file: string
  /** The URL that it is downloaded from to this place, if it is not there yet; it may hold a password. */
  readonly origin?: Secret
}

/** A URL that the host downloads; it may hold a password. */
export interface Download {
  readonly url: Secret
  /** Configuration of curl with this URL and its proxy. */
  readonly curl: Secret
}

/** Brings a file of known sha256 to the host and hands it to what follows as `$KW_FILE` (a path that is removed afterwards). */
export interface Deliver extends Located {
  readonly kind: 'deliver'
  /** `kubelet 1.37.1`, for messages. */
  readonly name: string
  readonly sha256: string
  /** Bytes; undefined where only the file itself tells. */
  readonly size: number | undefined
  readonly from: SentFile | Download
  /** Shell that installs `$KW_FILE`. */
  readonly install: Command
  /** Files that the installation leaves; recorded in `installed.ndjson` with their size, ctime and inode. */
  readonly paths: readonly string[]
  /** Whether the file is installed as it is, so that its sha256 is known already. */
  readonly verbatim?: boolean
}

/** Applies one API object server-side, from the control plane that it runs on; neighbours travel together. */
export interface ApplyObject extends Located {
  readonly kind: 'apply'
  /** `ConfigMap kube-system/kubeadm-config`. */
  readonly name: string
  readonly object: Readonly<Record<string, unknown>>
  /** Takes a `v1` List as JSON on stdin; neighbours with the same command are one call. */
  readonly command: Command
}

export type Action = WriteFile | MakeDirectory | Link | Remove | Run | Deliver | ApplyObject
