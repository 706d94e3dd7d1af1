/** The UTF-8 bytes of one UTF-16 code unit at most. */
const MAX_BYTES_OF_CHARACTER = 3
const NEWLINE = Buffer.from('\n')
const NEWLINE_BYTE = 10

/** Writes bytes; returns how many, 0 if none can be written now, or undefined if they are lost. */
type WriteBytes = (chunk: Buffer, offset: number, length: number) => number | undefined

/** Buffers lines, in order, until the reader has taken them. */
export class PendingLines {
  /** What is held: bytes, and characters of lines that are not encoded yet. */
  size = 0
  /** The latest lines, not encoded yet. */
  #lines = ''
  /** The encoded lines before them. */
  #chunks: Buffer[] = []
  /** How many bytes of the first chunk are written. */
  #taken = 0
  /** Whether the reader has received the beginning of a line without its end. */
  #isMidLine = false
  /** Whether the first chunk continues that line; else its end was lost. */
  #goesOn = false
  /** Memory that is reused for lines that are written at once. */
  readonly #reused: Buffer

  /** @param expected how many characters are usually added before they are written */
  constructor(expected: number) {
    this.#reused = Buffer.allocUnsafeSlow(expected * MAX_BYTES_OF_CHARACTER)
  }

  /** Adds whole lines; returns how many characters are not encoded yet. */
  add(lines: string): number {
    this.#lines += lines
    this.size += lines.length
    return this.#lines.length
  }

  /** Passes the next bytes to a function: as many whole lines as fit, or one longer line. Returns whether it took any. */
  give(maxBytes: number, write: WriteBytes): boolean {
    const chunk = this.#first()
    if (chunk === undefined) return false
    const length = wholeLines(chunk, this.#taken, maxBytes)
    const taken = write(chunk, this.#taken, length)
    if (taken === 0) {
      this.#keep(chunk)
      return false
    }
    if (taken !== undefined) this.#isMidLine = taken < length
    this.#take(chunk, taken ?? chunk.length - this.#taken)
    return true
  }

  /** Removes everything; returns it as text. */
  removeAll(): string {
    const text = Buffer.concat(this.#chunks).subarray(this.#taken).toString() + this.#lines
    this.#chunks = []
    this.#taken = 0
    this.#goesOn = false
    this.#lines = ''
    this.size = 0
    return text
  }

  #take(chunk: Buffer, bytes: number): void {
    this.size -= bytes
    this.#taken += bytes
    const isDone = this.#taken === chunk.length
    this.#goesOn = !isDone && this.#isMidLine
    if (!isDone) return
    this.#chunks.shift()
    this.#taken = 0
  }

  /** Returns the next chunk; it begins with a newline if the end of the line before was lost. */
  #first(): Buffer | undefined {
    if (this.#lines !== '') this.#encode()
    const chunk = this.#chunks[0]
    if (chunk === undefined || this.#goesOn || !this.#isMidLine) return chunk
    this.#goesOn = true
    this.size += NEWLINE.length
    const onNewLine = Buffer.concat([NEWLINE, chunk.subarray(this.#taken)])
    this.#chunks[0] = onNewLine
    this.#taken = 0
    return onNewLine
  }

  /** Encodes the lines, because a long concatenated string takes several times its size in memory. */
  #encode(): void {
    const lines = this.#lines
    const fits = this.#chunks.length === 0 && lines.length * MAX_BYTES_OF_CHARACTER <= this.#reused.length
    const chunk = fits ? this.#reused.subarray(0, this.#reused.write(lines)) : Buffer.from(lines)
    this.#lines = ''
    this.#chunks.push(chunk)
    this.size += chunk.length - lines.length
  }

  /** Copies the rest of a chunk out of the reused memory. */
  #keep(chunk: Buffer): void {
    if (chunk.buffer !== this.#reused.buffer) return
    this.#chunks[0] = Buffer.from(chunk.subarray(this.#taken))
    this.#taken = 0
  }
}

/** Returns the size of one write: as many whole lines as fit, or one longer line. */
function wholeLines(chunk: Buffer, from: number, maxBytes: number): number {
  if (chunk.length - from <= maxBytes) return chunk.length - from
  const last = chunk.lastIndexOf(NEWLINE_BYTE, from + maxBytes - 1)
  return 1 - from + (last >= from ? last : chunk.indexOf(NEWLINE_BYTE, from))
}
