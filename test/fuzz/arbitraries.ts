import fc from 'fast-check'

/** Characters on which encoders, terminals and readers of lines stumble. */
const HOSTILE = [
  '\0',
  '\b',
  '\t',
  '\n',
  '\r',
  '\r\n',
  '\x1b[31m',
  '"',
  '\\',
  '/',
  '\x7f',
  '\x85',
  '\x9b31m',
  '\xa0',
  '\u2028',
  '\u2029',
  '\u202e',
  '\u2066',
  '\ufeff',
  '\ufffe',
  '\uffff',
  '\ud800',
  '\udc00',
  '\udc00\ud800',
  '😀',
  '👩‍👩‍👧',
  '\u{10ffff}',
  '","level":"fatal","x":"',
  '}\n{"event":"forged"}',
  '__proto__',
  'toJSON',
]

const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))
const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 2, arbitrary: fc.string({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  { weight: 1, arbitrary: unit },
)
const short = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''))
const huge = fc
  .tuple(short, fc.integer({ min: 100, max: 4000 }), short)
  .map(([text, count, end]) => text.repeat(Math.min(count, Math.ceil(20_000 / (text.length + 1)))) + end)

/** Any text: any UTF-16 unit, whole or broken characters, controls, and now and then more than a line holds. */
export const anyText = fc.oneof({ weight: 9, arbitrary: short }, { weight: 1, arbitrary: huge })

/** What JSON holds as it is. */
export const jsonValue = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' })

const cyclic = fc.dictionary(short, jsonValue, { noNullPrototype: true, maxKeys: 3 }).map((value) => {
  const cycle: Record<string, unknown> = { ...value }
  cycle.self = { inner: [cycle] }
  return cycle
})
const deep = fc.tuple(fc.integer({ min: 1, max: 300 }), short).map(([depth, key]) => {
  let value: unknown = 'bottom'
  for (let n = 0; n < depth; n++) value = n % 2 === 0 ? { [key]: value } : [value]
  return value
})
const wide = fc
  .tuple(fc.integer({ min: 100, max: 3000 }), jsonValue)
  .map(([count, value]) => Array(count).fill(value))
const throwing = fc.constant({
  get broken(): never {
    throw new Error('read')
  },
  whole: 1,
})
const odd = fc.constantFrom<unknown>(
  10n ** 40n,
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  -0,
  Symbol('s'),
  () => 1,
  undefined,
  new Date(Number.NaN),
  new Proxy({}, { ownKeys: () => ['x', 'x'] }),
)

/** Anything at all that code may hand to a log. */
export const anything = fc.oneof(
  jsonValue,
  anyText,
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withObjectString: true,
  }),
  cyclic,
  deep,
  wide,
  odd,
  throwing,
)

/** Anything that may be thrown. */
export const anyError = fc.oneof(
  fc.tuple(anyText, anyText, fc.option(anyText)).map(([name, message, cause]) => {
    const error = new Error(message, cause === null ? {} : { cause: new TypeError(cause) })
    return Object.assign(error, { name })
  }),
  anything,
)
