import Fastify, { type FastifyBaseLogger, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { type Logger, type LoggerOptions, pino } from 'pino'
import { expect, test } from 'vitest'
import waybill, { type Options } from '../../src/index.js'
import { startApp } from '../support/app.js'
import { Capture } from '../support/capture.js'

// Loggers that hold lines are like those of the same app without `hold`, but for the lines.

type Factory = NonNullable<FastifyServerOptions['childLoggerFactory']>

interface Set {
  readonly options?: LoggerOptions
  readonly waybill?: Options
  readonly factory?: Factory
  /** Changes the logger of the app. */
  readonly change?: (logger: Logger) => void
}

/** Sends a request that is answered with a status; returns the messages of the app's own lines. */
async function linesOf(
  { options = {}, waybill: others, factory, change }: Set,
  log: (request: FastifyRequest) => void,
  status = 500,
): Promise<unknown[]> {
  const lines = new Capture()
  const logger = pino(options, lines)
  change?.(logger)
  const app = Fastify({
    loggerInstance: logger as FastifyBaseLogger,
    ...(factory && { childLoggerFactory: factory }),
  })
  await app.register(waybill, { hold: 'debug', ...others })
  app.get('/', async (request, reply) => {
    log(request)
    return reply.code(status).send('x')
  })
  await app.inject('/')
  return lines.lines.filter(({ event }) => event === undefined).map(({ msg }) => msg)
}

const inFull = (request: FastifyRequest): void => {
  request.log.debug('held')
  request.log.info('written')
}

test('a method that the app has replaced stays', async () => {
  const warned: unknown[] = []
  const change = (logger: Logger): void => {
    logger.warn = (...args: unknown[]) => void warned.push(args[0])
  }
  const factory: Factory = (logger, bindings) => {
    const child = logger.child(bindings) as Logger
    child.error = (...args: unknown[]) => void warned.push(args[0])
    return child
  }
  const messages = await linesOf({ change, factory }, ({ log }) => {
    log.warn('of the app')
    log.error('of the request')
    log.debug('held')
  })
  expect(messages).toEqual(['held'])
  // The completion is an error, too.
  expect(warned.slice(0, 2)).toEqual(['of the app', 'of the request'])
})

test('a level of a factory is held, too', async () => {
  const factory: Factory = (logger, bindings, options) =>
    (logger as Logger).child(bindings, { ...options, customLevels: { verbose: 25 } }) as never
  const log = ({ log: own }: FastifyRequest): void => {
    const { verbose } = own as unknown as { verbose(message: string): void }
    verbose.call(own, 'verbose')
    verbose.call(own.child({ part: 'a' }), 'of a child')
  }
  expect(await linesOf({ factory }, log)).toEqual(['verbose', 'of a child'])
  expect(await linesOf({ factory }, log, 200)).toEqual([])
})

test.each<[string, PropertyDescriptor]>([
  [
    'a getter that throws',
    {
      get: () => {
        throw new Error('broken')
      },
      enumerable: true,
    },
  ],
  ['a prefix', { value: 'a prefix' }],
])('a child with %s of its own is held', async (_what, descriptor) => {
  const factory: Factory = (logger, bindings) =>
    Object.defineProperty(logger.child(bindings), 'msgPrefix', descriptor)
  expect(await linesOf({ factory }, inFull)).toEqual(['written', 'held'])
})

test('a logger whose children change its own level keeps it, and nothing is held', async () => {
  let app: Logger | undefined
  const change = (logger: Logger): void => {
    app = logger
    const { child } = logger
    logger.child = function (this: Logger, bindings: object, options?: { level?: string }) {
      if (options?.level !== undefined) logger.level = options.level
      return child.call(this, bindings)
    } as Logger['child']
  }
  const factory: Factory = (logger, bindings) => logger.child(bindings)
  expect(await linesOf({ change, factory }, inFull)).toEqual(['written'])
  expect(app?.level).toBe('info')
})

test('the level that a handler sets on the logger of its request decides', async () => {
  const logAt = (level: string) => (request: FastifyRequest) => {
    request.log.level = level
    request.log.trace('trace')
    request.log.info('info')
    request.log.error('error')
  }
  expect(await linesOf({}, logAt('trace'), 200)).toEqual(['trace', 'info', 'error'])
  expect(await linesOf({}, logAt('error'), 200)).toEqual(['error'])
  const logDebug = (request: FastifyRequest): void => {
    request.log.level = 'debug'
    request.log.debug('debug')
  }
  expect(await linesOf({}, logDebug, 200)).toEqual(['debug'])
})

test('a lower level than that which is held is neither held nor written', async () => {
  const factory: Factory = (logger, bindings) => logger.child(bindings, { level: 'warn' })
  const log = ({ log: own }: FastifyRequest): void => {
    own.trace('trace')
    own.debug('debug')
  }
  expect(await linesOf({ options: { level: 'trace' }, factory }, log)).toEqual(['debug'])
})

test('a method that the app replaces later is called from then on, and onChild sees the loggers of requests alone', async () => {
  const { app, log } = await startApp({ hold: 'debug' })
  const children: unknown[] = []
  const logger = app.log as Logger
  logger.onChild = (child) => void children.push(child)
  app.get('/', async (request) => request.log.debug('held'))
  await app.inject('/')
  expect(children).toEqual([])
  expect(Object.hasOwn(logger, 'onChild')).toBe(true)
  const seen: unknown[] = []
  logger.debug = (...args: unknown[]) => void seen.push(args[0])
  await app.inject('/')
  expect(seen).toEqual(['held'])
  expect(log.lines).toHaveLength(4)
})

test('a destination that throws costs its line alone, and no request', async () => {
  const raw: string[] = []
  const destination = {
    write(line: string): void {
      if (line.includes('"bad"')) throw new Error('broken')
      raw.push(line)
    },
  }
  const { app } = await startApp({ hold: 'debug', destination })
  app.get('/', async (request, reply) => {
    for (const text of ['one', 'bad', 'three']) request.log.debug(text)
    request.waybill.flush()
    return reply.code(500).send('answered')
  })
  const { body } = await app.inject('/')
  expect(body).toBe('answered')
  const messages = raw.map((line) => (JSON.parse(line) as { message: string }).message)
  expect(messages).toEqual(['GET /', 'one', 'three', expect.stringMatching(/^GET \/ 500/)])
})

test('an app that becomes silent writes nothing of what is held', async () => {
  const { app, log } = await startApp({ hold: 'debug' })
  app.get('/', async (request, reply) => {
    inFull(request)
    app.log.level = 'silent'
    return reply.code(500).send('x')
  })
  await app.inject('/')
  expect(log.lines.map(({ event, message }) => event ?? message)).toEqual(['request.started', 'written'])
})

test('lines after the end of a request that a silent app has dropped take no room from others', async () => {
  const { app, log } = await startApp({ hold: 'debug', startLevel: false })
  const own: FastifyRequest['log'][] = []
  app.get('/silent', async (request, reply) => {
    own.push(request.log)
    app.log.level = 'silent'
    return reply.code(500).send('x')
  })
  app.get('/fails', async (request, reply) => {
    request.log.debug('held')
    for (const each of own)
      for (let line = 0; line < 16; line++) each.debug({ text: 'x'.repeat(3900) }, 'late')
    return reply.code(500).send('x')
  })
  for (let request = 0; request < 300; request++) {
    await app.inject('/silent')
    app.log.level = 'info'
  }
  await app.inject('/fails')
  expect(log.lines.map(({ event, message }) => event ?? message)).toEqual(['held', 'request.completed'])
})

test('lines are held on a route with a higher level than that of an app that writes them', async () => {
  const lines = new Capture()
  const app = Fastify({ loggerInstance: pino({ level: 'debug' }, lines) as FastifyBaseLogger })
  await app.register(waybill, { hold: 'debug' })
  app.get('/written', async (request) => request.log.debug('written'))
  app.get('/held', { logLevel: 'warn' }, async (request, reply) => {
    request.log.debug('held')
    return reply.code(500).send('x')
  })
  app.get('/dropped', { logLevel: 'warn' }, async (request) => request.log.debug('dropped'))
  for (const url of ['/written', '/dropped', '/held']) await app.inject(url)
  const own = lines.lines.filter(({ event }) => event === undefined).map(({ msg }) => msg)
  expect(own).toEqual(['written', 'held'])
})

test('a level that is raised while the service runs is held from then on', async () => {
  const { app, log } = await startApp({ hold: 'debug' })
  app.get('/', async (request, reply) => {
    inFull(request)
    return reply.code(500).send('x')
  })
  await app.inject('/')
  app.log.level = 'error'
  log.raw.length = 0
  await app.inject('/')
  expect(log.lines.map(({ event, message }) => event ?? message)).toEqual([
    'held',
    'written',
    'request.completed',
  ])
})

test('one line that is too long costs only itself, and is counted where the app writes only errors', async () => {
  const messages = await linesOf({ options: { level: 'error' } }, ({ log }) => {
    log.debug('first')
    log.debug({ text: 'x'.repeat(70_000) }, 'too long')
    log.debug('last')
  })
  expect(messages).toEqual([expect.stringMatching(/^1 held log lines were dropped/), 'first', 'last'])
})

test('a destination that asks for metadata gets that of each line', async () => {
  const seen: unknown[] = []
  const stream = {
    [Symbol.for('pino.metadata')]: true,
    lastMsg: '',
    lastObj: undefined as unknown,
    write(): void {
      seen.push([this.lastMsg, this.lastObj])
    },
  }
  const app = Fastify({ loggerInstance: pino({}, stream) as FastifyBaseLogger })
  await app.register(waybill, { hold: 'debug', startLevel: false })
  app.get('/', async (request, reply) => {
    request.log.debug({ id: 1 }, 'held')
    request.log.info({ id: 2 }, 'written')
    return reply.code(500).send('x')
  })
  await app.inject('/')
  expect(seen.slice(0, 2)).toMatchObject([
    ['written', { id: 2 }],
    ['held', undefined],
  ])
  expect(Object.getOwnPropertySymbols(stream)).toEqual([Symbol.for('pino.metadata')])
})

test('numbers of levels that descend leave hold without effect', async () => {
  const options: LoggerOptions = {
    customLevels: { fatal: 1, error: 2, warn: 3, info: 4, debug: 5, trace: 6 },
    useOnlyCustomLevels: true,
    levelComparison: 'DESC',
  } as LoggerOptions
  expect(await linesOf({ options }, inFull)).toEqual(['written'])
})

test('a held line does not bring out the start of a terminal row', async () => {
  const raw: string[] = []
  const app = Fastify()
  const destination = { write: (line: string) => void raw.push(line) }
  await app.register(waybill, { hold: 'debug', format: 'pretty', destination })
  app.get('/:status', async (request, reply) => {
    request.log.debug('held')
    return reply.code(Number((request.params as { status: string }).status)).send('x')
  })
  await app.inject('/200')
  expect(raw).toHaveLength(1)
  await app.inject('/500')
  expect(raw.slice(1).map((row) => /-->|held|500/.exec(row)?.[0])).toEqual(['-->', 'held', '500'])
})
