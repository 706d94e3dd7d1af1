import { expect, test } from 'vitest'
import { colorDepth, readTerminal, wantsColors } from '../../../src/environment.js'

const XTERM = { TERM: 'xterm' }

test.each([
  [XTERM, true, true],
  [XTERM, false, false],
  [{ TERM: 'dumb' }, true, false],
  [{}, true, process.platform === 'win32'],
  [{ ...XTERM, NO_COLOR: '1' }, true, false],
  [{ ...XTERM, NO_COLOR: '' }, true, true],
  [{ ...XTERM, NODE_DISABLE_COLORS: '1' }, true, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '' }, false, true],
  [{ FORCE_COLOR: 'true' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ FORCE_COLOR: 'false' }, true, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
  [{ ...XTERM, CI: '1', GITHUB_ACTIONS: '1' }, true, true],
])('%j on a terminal: %s gives colours: %s', (variables, isTerminal, colors) => {
  expect(wantsColors({ variables, isTerminal })).toBe(colors)
})

test.each([
  [{ TERM: 'xterm' }, 4],
  [{ TERM: 'xterm-256color' }, 8],
  [{ TERM: 'xterm', COLORTERM: 'truecolor' }, 24],
  [{ FORCE_COLOR: '2' }, 8],
  [{ FORCE_COLOR: '3', NO_COLOR: '1' }, 24],
])('%j gives %i bits of colour', (variables, depth) => {
  expect(colorDepth({ variables, isTerminal: true })).toBe(depth)
  expect(readTerminal({ variables, isTerminal: true }).manyColors).toBe(depth >= 8)
})

test('lines that are not written to a terminal fit 80 columns', () => {
  expect(readTerminal({ variables: {}, isTerminal: false }).columns()).toBe(80)
})
