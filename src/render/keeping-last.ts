/**
 * A reader of long texts that are asked for several times in a row: it keeps what it made of the last one.
 * Whoever asks shares the value, so nobody may change it.
 */
export function keepingLast<Value>(read: (text: string) => Value): (text: string) => Value {
  let last: { readonly text: string; readonly value: Value } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, value: read(text) }
    return last.value
  }
}
