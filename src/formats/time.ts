let lastTime = Number.NaN
let lastText = ''

/** A time as RFC 3339, in UTC with milliseconds; made once for as long as the millisecond lasts (0.5 µs each). */
export function isoTime(time: number): string {
  if (time !== lastTime) {
    lastText = new Date(time).toISOString()
    lastTime = time
  }
  return lastText
}
