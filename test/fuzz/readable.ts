import { mapTexts } from '../../src/format/json.js'

/** What a reader takes in of a text: U+FFFD in place of half a character and of U+0000. */
export function readableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}

/** What a reader takes in of a value. */
export function readable(value: unknown): unknown {
  return mapTexts(value, readableText)
}
