const SPACE = /[ \t\n\r]*/y
const TEXT = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** Parses JSON (RFC 8259), and throws where an object has two fields of one name, of which readers take either. */
export function parseStrict(json: string): unknown {
  new Scanner(json).whole()
  return JSON.parse(json)
}

class Scanner {
  readonly #json: string
  #at = 0

  constructor(json: string) {
    this.#json = json
  }

  whole(): void {
    this.#value()
    if (this.#at !== this.#json.length) this.#fail('the end')
  }

  #value(): void {
    this.#take(SPACE)
    const next = this.#json[this.#at]
    if (next === '{') this.#fields()
    else if (next === '[') this.#items()
    else if (next === '"') this.#need(TEXT, 'a text')
    else this.#need(SCALAR, 'a value')
    this.#take(SPACE)
  }

  #fields(): void {
    const names = new Set<string>()
    this.#list('}', () => {
      this.#take(SPACE)
      const name: string = JSON.parse(this.#need(TEXT, 'a name'))
      if (names.has(name)) throw new SyntaxError(`two fields are called ${JSON.stringify(name)}`)
      names.add(name)
      this.#take(SPACE)
      this.#need(/:/y, 'a colon')
      this.#value()
    })
  }

  #items(): void {
    this.#list(']', () => this.#value())
  }

  #list(end: string, member: () => void): void {
    this.#at++
    this.#take(SPACE)
    if (this.#json[this.#at] === end) {
      this.#at++
      return
    }
    do member()
    while (this.#need(/[,\]}]/y, 'a comma') === ',')
    if (this.#json[this.#at - 1] !== end) this.#fail(end)
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#json)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #need(pattern: RegExp, what: string): string {
    return this.#take(pattern) ?? this.#fail(what)
  }

  #fail(what: string): never {
    throw new SyntaxError(`${what} was expected at ${this.#at} of ${this.#json}`)
  }
}
