import { isDeepStrictEqual } from 'node:util'

/** Whether a value that was read back is what went in, or what the documented cut leaves of it. */
export function isCutOf(cut: unknown, whole: unknown): boolean {
  if (typeof cut === 'string' && typeof whole === 'string') return isBeginningOf(cut, whole)
  if (Array.isArray(cut) && Array.isArray(whole)) {
    // Items are left out, never moved: the earliest match for each finds a way if there is one.
    let from = 0
    return cut.every((item) => {
      while (from < whole.length && !isCutOf(item, whole[from])) from++
      return from++ < whole.length
    })
  }
  if (isRecord(cut) && isRecord(whole)) {
    return Object.entries(cut).every(
      ([key, value]) => Object.hasOwn(whole, key) && isCutOf(value, whole[key]),
    )
  }
  return isDeepStrictEqual(cut, whole)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether a text is the beginning of another, and ends between two characters of it. */
function isBeginningOf(cut: string, whole: string): boolean {
  if (cut === whole) return true
  return whole.startsWith(cut) && (whole.codePointAt(cut.length - 1) ?? 0) <= 0xffff
}
