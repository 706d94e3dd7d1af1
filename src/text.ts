/** Cuts a text to a length in UTF-16 code units, at a character boundary. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text
  const last = text.charCodeAt(most - 1)
  // A lead surrogate, the first half of a character.
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most)
}

const LONG = 2n ** 512n

/** Formats a BigInt; a huge one becomes `[bigint]`, because formatting it is slow. */
export function showBigint(value: bigint): string {
  return value > LONG || value < -LONG ? '[bigint]' : String(value)
}
