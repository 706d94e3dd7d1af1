import { expect, test } from 'vitest'
import { encodeText, encodeValue, measureText, percentEncode } from '../src/format/json.js'

const EVERY_CHARACTER = [...Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit)), '😀']

test('every character reads back unchanged, U+0000 and half surrogates as U+FFFD', () => {
  const wrong = EVERY_CHARACTER.filter((character) => {
    const encoded = encodeText(`a${character}b`)
    const stumbles = /[\x00-\x1f\x7f-\x9f\u2028\u2029\uffff]/.test(encoded) || !encoded.isWellFormed()
    return stumbles || JSON.parse(encoded) !== `a${character}b`.toWellFormed().replace('\0', '\ufffd')
  })
  expect(wrong).toEqual([])
})

test('a text is measured as it is encoded', () => {
  const wrong = EVERY_CHARACTER.filter(
    (character) => measureText(character).bytes !== Buffer.byteLength(encodeText(character)) - 2,
  )
  expect(wrong).toEqual([])
})

test('a text is cut between two characters', () => {
  expect(measureText('ab😀c', 5)).toEqual({ end: 2, bytes: 2 })
  expect(measureText('ab😀c', 6)).toEqual({ end: 4, bytes: 6 })
  expect(measureText('a"b', 2)).toEqual({ end: 1, bytes: 1 })
})

test('keys and nested texts are encoded as texts are', () => {
  expect(encodeValue({ '\x9b': ['\u2028'] })).toBe('{"\\u009b":["\\u2028"]}')
})

test('escapes of half a surrogate are replaced, and text that only looks like one stays', () => {
  expect(encodeValue({ '\udc00': ['\\ud800', '\\\ud800', '😀'] })).toBe(
    '{"\\ufffd":["\\\\ud800","\\\\\\ufffd","😀"]}',
  )
})

test('text for other JSON writers holds no character that JSON leaves raw', () => {
  expect(percentEncode('/a\x9b\x7f\uffff\ud800z')).toBe('/a%C2%9B%7F%EF%BF%BF\ufffdz')
  expect(percentEncode('/plain')).toBe('/plain')
})
