/** The beginning of a text, ending between two characters. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text
  const last = text.charCodeAt(most - 1)
  // The first half of a character.
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most)
}

const LONG = 2n ** 512n

/** The digits of a whole number; making them takes long where there are many. */
export function showBigint(value: bigint): string {
  return value > LONG || value < -LONG ? '[bigint]' : String(value)
}
