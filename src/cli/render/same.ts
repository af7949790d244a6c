/** One thing that is true of several hosts. */
export interface Group<Item> {
  readonly item: Item
  readonly hosts: readonly string[]
}

/** Puts together what is the same on several hosts, in the order of first appearance; `key` says what counts as the same. */
export function groupByHost<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  host: (item: Item) => string | undefined,
): readonly Group<Item>[] {
  const groups = new Map<string, { item: Item; hosts: string[] }>()
  for (const item of items) {
    const group = groups.get(key(item)) ?? { item, hosts: [] }
    groups.set(key(item), group)
    const name = host(item)
    if (name !== undefined && !group.hosts.includes(name)) group.hosts.push(name)
  }
  return [...groups.values()]
}

/** The text with `the host` in place of the host's name, so that it reads the same for all hosts. */
export function withoutName(text: string, host: string | undefined): string {
  if (host === undefined) return text
  const name = host.replaceAll(/[.+^${}()|[\]\\*?]/g, String.raw`\$&`)
  return text.replaceAll(new RegExp(`(?<![\\w.-])${name}(?![\\w-]|\\.\\w)`, 'g'), 'the host')
}
