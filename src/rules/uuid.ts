import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

const UUID_BYTES = 16
// One draw of random bytes for 256 ids: the draw is nearly all of what uuid.v7() costs (1.7 against 0.3 µs).
const pool = new Uint8Array(UUID_BYTES * 256)
let used = pool.length

const source = { random: new Uint8Array(UUID_BYTES) }
const bytes = new Uint8Array(UUID_BYTES)

const HEX = Buffer.from('0123456789abcdef')
const text = Buffer.from('00000000-0000-0000-0000-000000000000')
/** Where the digits of each byte stand in the text. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34]

/** A new UUID version 7, ordered by time to the millisecond (RFC 9562, section 5.7). */
export function newUuid(): string {
  drawRandom()
  v7(source, bytes)
  return textOf(bytes)
}

function drawRandom(): void {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  for (let i = 0; i < UUID_BYTES; i++) source.random[i] = pool[used++] as number
}

/** The text of a UUID in one piece: the twenty that the package puts together are three times as much in a service. */
function textOf(uuid: Uint8Array): string {
  for (let i = 0; i < UUID_BYTES; i++) {
    const byte = uuid[i] as number
    const place = PLACES[i] as number
    text[place] = HEX[byte >> 4] as number
    text[place + 1] = HEX[byte & 15] as number
  }
  return text.toString('latin1')
}
