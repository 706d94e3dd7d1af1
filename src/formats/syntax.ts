import { encodeText, encodeValue } from './text.js'

/** How a line is written, whatever it says. */
export interface Syntax {
  /** What a line begins and ends with, without its newline. */
  readonly open: string
  readonly close: string
  /** What the field at a path is called. */
  name(path: readonly string[]): string
  /** What stands before the value of a field: with the separator, which the first value of a line does without. */
  key(name: string): string
  value(value: unknown): string
  /** Whether an object may hold others; where not, their keys are joined. */
  readonly nests: boolean
  /** Whether there are texts that stand without quotes. */
  readonly hasBareTexts: boolean
}

/** JSON (RFC 8259). */
export const json: Syntax = {
  open: '{',
  close: '}',
  name: (path) => path.at(-1) ?? '',
  key: (name) => `,${encodeText(name)}:`,
  value: (value) => {
    if (typeof value === 'string') return encodeText(value)
    return typeof value === 'object' ? encodeValue(value) : String(value)
  },
  nests: true,
  hasBareTexts: false,
}

/** Texts that stand in logfmt without quotes; not a time, behind which lnav 0.11 would not look for the level. */
const BARE = /^(?!\d{4}-\d\d-\d\dT)[!#-<>-[\]-~]+$/
/** What a key of logfmt may not hold. */
const NO_KEY = /[^!#-<>-~]/g

/** logfmt: `key=value`, texts in quotes where they need it, escaped there as in JSON. */
export const logfmt: Syntax = {
  open: '',
  close: '',
  name: (path) => path.join('.').replace(NO_KEY, '_') || '_',
  key: (name) => ` ${name}=`,
  value: (value) => {
    if (typeof value === 'string') return BARE.test(value) ? value : encodeText(value)
    return typeof value === 'object' && value !== null ? encodeText(encodeValue(value)) : String(value)
  },
  nests: false,
  hasBareTexts: true,
}
