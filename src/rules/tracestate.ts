/** A key of at most 256 characters, and a value of at most as many that does not end with a space. */
const MEMBER = /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/
const SPACE_AROUND = /^[ \t]+|[ \t]+$/g
const MAX_MEMBERS = 32
/** What is passed on at least (section 3.3.1.5), and at most. */
const MAX_LENGTH = 512
/** Members that are longer are the first to be left out. */
const LARGE = 128

/**
 * Reads what others along the way have added to a trace (W3C Trace Context, level 2, section 3.3); one member that is not
 * valid invalidates all. Too long a text loses whole members, large ones first, the last ones first.
 */
export function readTraceState(header: unknown): string | undefined {
  if (typeof header !== 'string' || header === '') return undefined
  const members = header
    .split(',')
    .map((member) => member.replace(SPACE_AROUND, ''))
    .filter((member) => member !== '')
  if (members.length === 0 || members.length > MAX_MEMBERS) return undefined
  if (!members.every((member) => MEMBER.test(member))) return undefined
  return shorten(members)
}

function shorten(members: string[]): string {
  let state = members.join()
  for (const least of [LARGE, 0]) {
    for (let at = members.length - 1; at >= 0 && state.length > MAX_LENGTH; at--) {
      if ((members[at]?.length ?? 0) <= least) continue
      members.splice(at, 1)
      state = members.join()
    }
  }
  return state
}
