import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { finish, root, startProgram } from '../../support/program.js'
import { hasTmux, type RunOptions, Terminal } from '../../support/terminal.js'

const open: Terminal[] = []
afterEach(() => {
  for (const terminal of open.splice(0)) terminal.close()
})

function terminalOf(source: string, options: RunOptions = {}): Terminal {
  const terminal = new Terminal(source, 80, options)
  open.push(terminal)
  return terminal
}

/** The screen without times of day and with one duration. */
function seen(terminal: Terminal): string[] {
  return terminal
    .screen()
    .map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, '').replace(/ +[\d.]+m?s\b/g, ' 1ms'))
    .map((line) => line.replace(/─+$/, '─'))
}

const APP = `
  import Fastify from 'fastify'
  import waybill, { createLogger } from 'waybill'
  const app = Fastify()
  await app.register(waybill)
  app.get('/users/:id', async () => 'four')
  app.get('/hang', () => { reached('hanging') })
  const ask = (url) => app.inject({ url, headers: { 'x-request-id': 'abc' } })
  const alive = setInterval(() => {}, 1000)
  const stay = () => reached('up')
`
const SUMMARY = ['─── 1 request in 1ms ─', 'ended        2xx 1', 'slowest 1ms of 1     GET    /users/:id']
const ROW_SEEN = '200 1ms abc      GET    /users/1 4B'

describe.runIf(hasTmux)('in a real terminal (skipped where there is no tmux)', () => {
  test('Ctrl-C that nobody listens to completes open requests, sums up and ends the process as it does without', () => {
    const terminal = terminalOf(`${APP}; await ask('/users/1'); ask('/hang')`)
    terminal.wait('hanging')
    terminal.interrupt()
    expect(terminal.ended()).toBe('SIGINT')
    expect(seen(terminal).filter((line) => !line.startsWith('-->'))).toEqual([
      ROW_SEEN,
      '--- 1ms abc      GET    /hang unfinished',
      '─── 2 requests in 1ms ─',
      'ended        2xx 1   unfinished 1',
      'slowest 1ms of 1     GET    /users/:id',
    ])
    const colored = terminal.screen('-e').join('\n')
    expect(colored).toMatch(/\x1b\[32m(?:\x1b\[49m)?2xx\x1b\[39m 1/)
  })

  test.each([
    ['on', 'before'],
    ['on', 'behind'],
    ['once', 'before'],
    ['once', 'behind'],
    ['prependListener', 'behind'],
    ['prependOnceListener', 'behind'],
  ])(
    'a listener of the app by %s() %s waybill decides how it ends, and the summary comes at exit',
    (method, place) => {
      const theirs = `process.${method}('SIGINT', async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      await app.close()
      process.exit(7)
    })`
      const first = place === 'before' ? theirs.replace('await app', 'await globalThis.app') : ''
      const later = place === 'before' ? 'globalThis.app = app' : theirs
      const terminal = terminalOf(`${first}; ${APP}; ${later}; await ask('/users/1'); stay()`)
      terminal.wait('up')
      terminal.interrupt()
      expect(terminal.ended()).toBe('7')
      expect(seen(terminal)).toEqual([ROW_SEEN, ...SUMMARY])
    },
  )

  test('a listener that does nothing keeps the process alive; once it is gone, Ctrl-C ends it', () => {
    const terminal = terminalOf(`${APP}
      const theirs = () => {
        process.off('SIGINT', theirs)
        setImmediate(() => reached('alive'))
      }
      process.on('SIGINT', theirs)
      await ask('/users/1')
      stay()`)
    terminal.wait('up')
    terminal.interrupt()
    terminal.wait('alive')
    expect(seen(terminal)[0]).toBe(ROW_SEEN)
    expect(seen(terminal)).not.toContain(SUMMARY[0])
    terminal.interrupt()
    expect(terminal.ended()).toBe('SIGINT')
    expect(seen(terminal).slice(-3)).toEqual(SUMMARY)
  })

  test('an event that a program emits itself is no Ctrl-C', () => {
    const terminal = terminalOf(`${APP}; process.emit('SIGINT'); await ask('/users/1'); process.exit(0)`)
    expect(terminal.ended()).toBe('0')
    expect(seen(terminal)).toEqual([ROW_SEEN, ...SUMMARY])
  })

  test.each([
    ['ends by itself', 'clearInterval(alive)', '0', ''],
    ['calls process.exit()', 'process.exit(3)', '3', ''],
    ['dies of an error', `setImmediate(() => { throw new Error('dead') })`, '1', 'Error: dead'],
  ])(
    'the summary comes once when the process %s, before what Node.js prints',
    (_name, end, code, printed) => {
      const terminal = terminalOf(`${APP}; await ask('/users/1'); await app.close(); ${end}`)
      expect(terminal.ended()).toBe(code)
      const screen = seen(terminal)
      expect(screen.slice(0, 4)).toEqual([ROW_SEEN, ...SUMMARY])
      expect(screen.filter((line) => line.startsWith('───'))).toHaveLength(1)
      expect(screen.slice(4).join('\n')).toContain(printed)
    },
  )

  test('several apps, and loggers that write the view for an app, have one summary', () => {
    const terminal = terminalOf(`${APP}
      const other = Fastify()
      await other.register(waybill)
      other.get('/users/:id', async () => 'four')
      const third = Fastify({ loggerInstance: createLogger() })
      await third.register(waybill)
      third.get('/third', async () => 'four')
      for (const each of [app, other]) await each.inject('/users/1')
      await third.inject('/third')
      for (const each of [app, other, third]) await each.close()
      clearInterval(alive)`)
    terminal.ended()
    const [, ...lines] = seen(terminal).slice(seen(terminal).findIndex((line) => line.startsWith('───')))
    expect(lines[0]).toBe('ended        2xx 3')
    expect(
      lines
        .map((line) => line.replace(/^.*(?=of )/, ''))
        .slice(1)
        .sort(),
    ).toEqual(['of 1     GET    /third', 'of 2     GET    /users/:id'])
    expect(seen(terminal).filter((line) => line.startsWith('───'))).toEqual(['─── 3 requests in 1ms ─'])
  })

  test('copies of waybill in one process have one summary and one listener', () => {
    const folder = mkdtempSync(join(tmpdir(), 'waybill-copies-'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    for (const copy of ['1', '2']) cpSync(join(root, 'dist'), join(folder, copy), { recursive: true })
    const terminal = terminalOf(`
      import Fastify from 'fastify'
      for (const copy of ['1', '2']) {
        const { default: waybill } = await import('${folder}/' + copy + '/index.js')
        const app = Fastify()
        await app.register(waybill)
        app.get('/users/:id', async () => 'four')
        await app.inject({ url: '/users/1', headers: { 'x-request-id': 'abc' } })
      }
      console.log('listeners', process.listenerCount('SIGINT'))
      process.exit()`)
    terminal.ended()
    rmSync(folder, { recursive: true })
    expect(seen(terminal)).toEqual([
      ...[ROW_SEEN, ROW_SEEN, 'listeners 1', '─── 2 requests in 1ms ─', 'ended        2xx 2'],
      'slowest 1ms of 2     GET    /users/:id',
    ])
  })

  test.each([
    ['LOG_SUMMARY=0', { LOG_SUMMARY: '0' }],
    ['another format', { LOG_FORMAT: 'logfmt' }],
    ['a level above info', { LOG_LEVEL: 'warn' }],
  ])('with %s there is no summary and no listener', (_name, env) => {
    const count = `console.log('listeners', ...['SIGINT', 'newListener', 'removeListener'].map((each) => process.listenerCount(each)))`
    const terminal = terminalOf(`${count}; ${APP}; await ask('/users/1'); ${count}; process.exit()`, { env })
    terminal.ended()
    const screen = seen(terminal)
    expect(screen.join('\n')).not.toContain('───')
    const [before, after] = screen.filter((line) => line.startsWith('listeners'))
    expect(after).toBe(before)
    expect(after).toMatch(/^listeners 0 /)
  })

  test('nothing is said where no request was seen', () => {
    const terminal = terminalOf(`${APP}; app.log.info('hello'); stay()`)
    terminal.wait('up')
    terminal.interrupt()
    expect(terminal.ended()).toBe('SIGINT')
    expect(seen(terminal).filter((line) => !line.startsWith('^C'))).toEqual(['INFO                  hello'])
  })
})

test('the view in a pipe has no summary and no listener', async () => {
  const source = `${APP}; await ask('/users/1'); console.error(process.listenerCount('SIGINT')); process.exit()`
  const { stdout, stderr } = await finish(
    startProgram(source.replace('reached', '(() => {})'), { env: { LOG_FORMAT: 'pretty' } }),
  )
  expect(stdout.trimEnd().split('\n')).toHaveLength(1)
  expect(stderr).toBe('0\n')
})
