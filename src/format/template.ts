import { showValue, suggest, wrongOption } from '../errors.js'
import type { Template, TemplateValue } from '../options.js'
import { FORMS_OF } from './values.js'

/** A source, and the form of its value. */
export interface Reference {
  readonly source: string
  readonly form: string | undefined
}

/** Levels of nesting; a template that contains itself has no end. */
const MAX_DEPTH = 50

/** The sources with many fields: those that handlers and log lines add, and those that `include` names. */
export const SPREADS: readonly string[] = ['added', 'included']
const SPREAD_FORMS: Readonly<Record<string, readonly string[]>> = {
  added: ['flat', 'labels'],
  included: ['labels', 'headers'],
}

/** Parses the source that a value of a template names, if it names one. */
export function referenceOf(value: TemplateValue): Reference | undefined {
  if (typeof value !== 'string' || !value.startsWith('$') || value.startsWith('$$')) return undefined
  const [source = '', ...form] = value.slice(1).split(':')
  return { source, form: form.length === 0 ? undefined : form.join(':') }
}

/** Returns a constant of a template; `$$` at its beginning stands for `$`. */
export function constantOf(value: TemplateValue): TemplateValue {
  return typeof value === 'string' && value.startsWith('$$') ? value.slice(1) : value
}

export function isTemplate(value: unknown): value is Template {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Throws unless a value is a template whose references all exist.
 * @param option the name of the option that holds it
 */
export function checkTemplate(option: string, value: unknown): Template {
  if (!isTemplate(value)) refuse('TYPE', option, 'an object in the shape of a line', value)
  if (Object.keys(value).length === 0) refuse('VALUE', option, 'an object with at least one key', value)
  for (const [key, each] of Object.entries(value)) checkValue(`${option}.${key}`, key, each)
  return value
}

function checkValue(option: string, key: string, value: unknown): void {
  if (isTemplate(value) && !key.startsWith('*')) {
    if (option.split('.').length > MAX_DEPTH)
      refuse('VALUE', option, `nested at most ${MAX_DEPTH} deep`, value)
    checkTemplate(option, value)
    return
  }
  if (typeof value === 'number' && !Number.isFinite(value)) refuse('VALUE', option, 'a finite number', value)
  const isConstant = ['string', 'number', 'boolean'].includes(typeof value) || isTexts(value)
  if (!isConstant)
    refuse('TYPE', option, 'a string, a number, a boolean, an array of strings or an object', value)
  const reference = referenceOf(value as TemplateValue)
  if (key.startsWith('*')) {
    if (!isSpread(reference))
      refuse('VALUE', option, '"$added" or "$included"', value, ['$added', '$included'])
  } else if (reference !== undefined && !isKnown(reference)) {
    refuse('VALUE', option, `a value, one of ${REFERENCES.join(', ')}`, value, REFERENCES)
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function isSpread(reference: Reference | undefined): boolean {
  if (reference === undefined) return false
  const forms = SPREAD_FORMS[reference.source]
  return forms !== undefined && (reference.form === undefined || forms.includes(reference.form))
}

function isKnown({ source, form }: Reference): boolean {
  const forms = FORMS_OF.get(source)
  return forms !== undefined && (form === undefined || forms.includes(form))
}

/** Everything that a template can name, with its forms. */
const REFERENCES: readonly string[] = [...FORMS_OF].flatMap(([name, forms]) => [
  `$${name}`,
  ...forms.map((form) => `$${name}:${form}`),
])

function refuse(
  wrong: 'TYPE' | 'VALUE',
  option: string,
  must: string,
  value: unknown,
  words: readonly string[] = [],
): never {
  throw wrongOption(`WAYBILL_ERR_OPTION_${wrong}`, option, must, showValue(value) + suggest(value, words))
}
