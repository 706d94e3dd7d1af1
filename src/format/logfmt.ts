import { encodeText, encodeValue, type Syntax } from './json.js'

/** Strings that logfmt writes without quotes; not times, because lnav 0.11 finds no level after a bare one. */
const BARE = /^(?!\d{4}-\d\d-\d\dT)[!#-<>-[\]-~]+$/
/** Characters that a logfmt key can't hold. */
const NO_KEY = /[^!#-<>-~]/g

/** logfmt: `key=value`, with strings quoted where needed and then escaped as in JSON. */
export const logfmt: Syntax = {
  open: '',
  close: '',
  name: (path) => path.join('.').replace(NO_KEY, '_') || '_',
  key: (name) => ` ${name}=`,
  value: (value) => {
    if (typeof value === 'string') return BARE.test(value) ? value : encodeText(value)
    return typeof value === 'object' && value !== null ? encodeText(encodeValue(value)) : String(value)
  },
  field: (key) => (value) => key + logfmt.value(value),
  nests: false,
}
