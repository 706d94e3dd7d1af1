/** A text as the title of a test has room for it. */
export function inShort(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 30)}… (${text.length} characters)`
}
