/** Returns a function that tells whether a path matches a pattern, in which `*` matches any characters. */
export function pathMatcher(pattern: string): (path: string) => boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return (path) => path === first
  return (path) => matchesParts(path, first, others, last)
}

function matchesParts(path: string, first: string, others: readonly string[], last: string): boolean {
  const end = path.length - last.length
  if (end < first.length || !path.startsWith(first) || !path.endsWith(last)) return false
  let from = first.length
  for (const part of others) {
    const at = path.indexOf(part, from)
    if (at === -1 || at + part.length > end) return false
    from = at + part.length
  }
  return true
}
