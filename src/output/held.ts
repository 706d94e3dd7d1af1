/** How many bytes of UTF-8 one UTF-16 code unit takes at most. */
const MAX_BYTES_OF_CHARACTER = 3
const NEWLINE = Buffer.from('\n')
const NEWLINE_BYTE = 10

/** Writes some bytes; returns how many, 0 if none can be written now, or undefined if these never can. */
type Write = (chunk: Buffer, offset: number, length: number) => number | undefined

/** Holds lines from when they are logged until a reader has taken them, in order. */
export class HeldLines {
  /** How much is held: bytes, and characters of the lines that are not encoded yet. */
  size = 0
  /** The lines that were added last. */
  #lines = ''
  /** The bytes that precede them. */
  #chunks: Buffer[] = []
  /** How many bytes of the first chunk have been taken. */
  #taken = 0
  /** Whether the reader has the beginning of a line and not its end. */
  #isMidLine = false
  /** Whether that line goes on in the first chunk; else its end was lost. */
  #goesOn = false
  /** Memory for lines that are taken at once. */
  readonly #reused: Buffer

  /** @param expected how many characters of lines are usually added before they are taken */
  constructor(expected: number) {
    this.#reused = Buffer.allocUnsafeSlow(expected * MAX_BYTES_OF_CHARACTER)
  }

  /** Adds whole lines; returns how many characters of lines are not encoded yet. */
  add(lines: string): number {
    this.#lines += lines
    this.size += lines.length
    return this.#lines.length
  }

  /** Gives the next bytes to a function: as many whole lines as fit, or one longer line. Returns whether it took any. */
  give(maxBytes: number, write: Write): boolean {
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

  /** The chunk to give next: it begins a new line if the end of the line before was lost. */
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

  /** Turns the lines into bytes: a long text of many pieces takes several times its size. */
  #encode(): void {
    const lines = this.#lines
    const fits = this.#chunks.length === 0 && lines.length * MAX_BYTES_OF_CHARACTER <= this.#reused.length
    const chunk = fits ? this.#reused.subarray(0, this.#reused.write(lines)) : Buffer.from(lines)
    this.#lines = ''
    this.#chunks.push(chunk)
    this.size += chunk.length - lines.length
  }

  /** Copies what is left of the reused memory. */
  #keep(chunk: Buffer): void {
    if (chunk.buffer !== this.#reused.buffer) return
    this.#chunks[0] = Buffer.from(chunk.subarray(this.#taken))
    this.#taken = 0
  }
}

/** Counts the bytes of a chunk that go into one write: as many whole lines as fit, or one longer line. */
function wholeLines(chunk: Buffer, from: number, maxBytes: number): number {
  if (chunk.length - from <= maxBytes) return chunk.length - from
  const last = chunk.lastIndexOf(NEWLINE_BYTE, from + maxBytes - 1)
  return 1 - from + (last >= from ? last : chunk.indexOf(NEWLINE_BYTE, from))
}
