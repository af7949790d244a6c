import { isDeepStrictEqual } from 'node:util'
import type { Change, Resource } from '../engine/resource.ts'
import { objectName, type KubernetesObject } from '../kubernetes/object.ts'
import { keepingLast } from '../render/keeping-last.ts'
import { printYaml } from '../render/yaml.ts'
import { sh, type Command } from '../transport/command.ts'
import { textDiff } from './file.ts'

/** The API and one object in it: as it is, and as it would be after a server-side apply. For what could not be read the API is `unknown`. */
export interface ObjectState {
  readonly api: 'absent' | 'unknown' | 'up'
  readonly live: Readonly<Record<string, unknown>> | undefined
  readonly wanted: Readonly<Record<string, unknown>> | undefined
}

/** How the API is reached from the control plane that the resources run on. */
export interface ApiAccess {
  /** `https://10.0.0.11:6443`, the API server of that very host. */
  readonly server: string
}

/** API objects that are applied server-side with the field manager `kubewright`. All sets that are looked at together share one probe. */
export function apiObjects(objects: readonly KubernetesObject[], access: ApiAccess): readonly Resource<ObjectState>[] {
  const command = applyCommand(access)
  const look = looksAt(objects, access)
  return objects.map((object) => {
    const name = objectName(object)
    return {
      id: `object:${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`,
      ...look(object, (state) => state),
      compare(state: ObjectState): Change | undefined {
        const common = { impact: 'none', actions: [{ kind: 'apply', name, object, command, undo: 'restore' }] } as const
        if (state.api === 'unknown')
          return { ...common, verb: 'update', summary: `${name}: decided when the API is up` }
        if (state.live === undefined) return { ...common, verb: 'create', summary: `create ${name}` }
        const live = comparable(state.live)
        const wanted = state.wanted === undefined ? undefined : comparable(state.wanted)
        if (isDeepStrictEqual(live, wanted)) return undefined
        const diff = wanted === undefined ? undefined : textDiff(name, printYaml(live), printYaml(wanted))
        return { ...common, verb: 'update', summary: `update ${name}`, ...(diff === undefined ? {} : { diff }) }
      },
      digest: ({ api, live }: ObjectState) => ({ api, live: live === undefined ? undefined : comparable(live) }),
    }
  })
}

/** How one object is looked at beside others, in the probe that they share. */
export function looksAtObject<State>(
  object: KubernetesObject,
  access: ApiAccess,
  read: (state: ObjectState) => State,
): Looks<State> {
  return looksAt([object], access)(object, read)
}

/** What is asked before and after a change. */
type Looks<State> = Required<Pick<Resource<State>, 'probe' | 'proof'>>

function looksAt(objects: readonly KubernetesObject[], access: ApiAccess) {
  const [script, proof] = [probeScript(access), proofScript(access)]
  const set = objects.map((object) => JSON.stringify(object)).join(',')
  return <State>(object: KubernetesObject, read: (state: ObjectState) => State): Looks<State> => {
    const words = [set]
    const parse = (output: string): State => read(parseState(output, object, set))
    return { probe: { script, words, parse }, proof: { script: proof, words, parse } }
  }
}

/** The command that applies objects from a JSON list on stdin. */
export function applyCommand({ server }: ApiAccess): Command {
  return sh`kw_apply ${server}`
}

const reach = sh`[ -e /etc/kubernetes/admin.conf ] && [ -x /usr/bin/kubectl ] || { echo absent; exit; }
kw_list() { (IFS=,; printf '{"apiVersion":"v1","kind":"List","items":[%s]}' "$*"); }
kw_show() { printf '%s ' "$1"; printf '%s' "$2" | tr -d '\n'; echo; }`

function getCommand({ server }: ApiAccess): Command {
  return sh`kw_kubectl ${server} get -f - --ignore-not-found -o json --request-timeout=20s`
}

/** What an apply that has succeeded left: a dry run would be the same apply once more. If all were applied just now, the API's answer says it. */
function proofScript(access: ApiAccess): Command {
  return sh`${reach}
kw_wanted=$(kw_list "$@")
if [ -s "$KW_ANSWER" ] && [ "$(cat "$KW_ANSWER.to")" = "$kw_wanted" ]; then kw_found=$(cat "$KW_ANSWER")
else kw_found=$(printf '%s' "$kw_wanted" | ${getCommand(access)}) || { echo unknown; exit; }
fi
echo up
kw_show live "$kw_found"
kw_show wanted "$kw_found"`
}

/**
 * Each word is the objects of a set. A kind or a namespace that does not exist yet fails a whole call, so sets are then asked for one
 * by one; what is of a kind that does not exist is not there, and of a set that fails otherwise nothing is known.
 */
function probeScript({ server }: ApiAccess): Command {
  return sh`${reach}
kw_live() { kw_list "$@" | ${getCommand({ server })}; }
kw_read() { { kw_said=$(kw_live "$1" 2>&1 >&3) || case $kw_said in *'no matches for kind'*) ;; *) return 1 ;; esac; } 3>&1; }
kw_wanted() { kw_list "$@" | kw_server_side ${server} --dry-run=server -o json --request-timeout=20s -f -; }
kw_would=
if kw_found=$(kw_live "$@") && { [ -z "$kw_found" ] || kw_would=$(kw_wanted "$@"); }; then
echo up
kw_show live "$kw_found"
kw_show wanted "$kw_would"
exit
fi
kw_kubectl ${server} get --raw /readyz --request-timeout=5s >/dev/null || { echo unknown; exit; }
echo up
for kw_set; do
kw_found=$(kw_read "$kw_set") || printf 'failed %s\n' "$kw_set"
kw_show live "$kw_found"
[ -z "$kw_found" ] || kw_show wanted "$(kw_wanted "$kw_set")"
done`
}

/** The state of an object that was asked for in this set. */
function parseState(output: string, object: KubernetesObject, set: string): ObjectState {
  const { api, live, wanted, failed } = answerOf(output)
  return { api: failed.includes(set) ? 'unknown' : api, live: pick(live, object), wanted: pick(wanted, object) }
}

/** What a probe has printed: the objects as they are, and as they would be. */
interface Answer {
  readonly api: ObjectState['api']
  readonly live: readonly Found[]
  readonly wanted: readonly Found[]
  /** Sets that could not be read, each as the word that asked for it. */
  readonly failed: readonly string[]
}

interface Found {
  readonly kind?: string
  readonly metadata?: { readonly name?: string; readonly namespace?: string }
  readonly items?: readonly Found[]
}

/** One probe answers for all objects, each of which reads the answer: it is parsed once. */
const answerOf = keepingLast(parseAnswer)

function parseAnswer(output: string): Answer {
  const [first = 'absent', ...documents] = output.split('\n')
  if (first !== 'up') return { api: first === 'unknown' ? 'unknown' : 'absent', live: [], wanted: [], failed: [] }
  const of = (kind: string) =>
    documents.flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []))
  const objects = (kind: string) =>
    of(kind)
      .filter((text) => text.trim() !== '')
      .flatMap((text) => itemsOf(JSON.parse(text) as Found))
  return { api: 'up', live: objects('live'), wanted: objects('wanted'), failed: of('failed') }
}

function pick(
  items: readonly Found[],
  { kind, metadata }: KubernetesObject,
): Readonly<Record<string, unknown>> | undefined {
  const found = items.find(
    (item) =>
      item.kind === kind &&
      item.metadata?.name === metadata.name &&
      (metadata.namespace === undefined || item.metadata.namespace === metadata.namespace),
  )
  return found as Readonly<Record<string, unknown>> | undefined
}

function itemsOf(document: Found): readonly Found[] {
  return document.items ?? [document]
}

/** An object without what the server and controllers own. */
function comparable(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { metadata } = object
  const rest = Object.entries(object).filter(([key]) => key !== 'status' && key !== 'metadata')
  const kept = Object.entries((metadata ?? {}) as Record<string, unknown>).filter(([key]) => !serverOwned.has(key))
  return { ...Object.fromEntries(rest), metadata: Object.fromEntries(kept) }
}

const serverOwned = new Set(['managedFields', 'resourceVersion', 'generation', 'uid', 'creationTimestamp', 'selfLink'])
