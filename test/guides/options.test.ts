import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { root } from '../support/program.js'

const MODULES = join(root, 'node_modules')
/** It has no types. */
const morgan: object = createRequire(import.meta.url)('morgan')
const guide = readFileSync(join(root, 'docs/migrating.md'), 'utf8')

/** The part of the guide below a title. */
function sectionOf(title: string): string {
  return guide.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? ''
}

/** What stands in the first column of the tables of a part. */
function firstColumnsOf(section: string): string {
  return [...section.matchAll(/^\|([^|]*)\|/gm)].map(([, column]) => column).join('\n')
}

/** The properties that an interface of a declaration file has itself; or a type, if it is an object. */
function propertiesOf(file: string, name: string): string[] {
  const text = readFileSync(join(MODULES, file), 'utf8')
  const [, indent = '', body = ''] =
    new RegExp(`^( *)(?:export )?(?:interface|type) ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\1\\}`, 'm').exec(
      text,
    ) ?? []
  const [, inner = ''] = new RegExp(`^(${indent} +)\\w+\\??:`, 'm').exec(body) ?? []
  return [...body.matchAll(new RegExp(`^${inner}(\\w+)\\??:`, 'gm'))].map(([, property = '']) => property)
}

/** The declaration file of evlog that has a name; the names of its files change. */
function evlogFile(start: string): string {
  const names = readdirSync(join(MODULES, 'evlog/dist'))
  return `evlog/dist/${names.find((name) => name.startsWith(start) && name.endsWith('.d.mts'))}`
}

// What they share with pino stands in a table of its own.
const TABLES: Readonly<Record<string, () => string[]>> = {
  'pino-http': () => propertiesOf('pino-http/index.d.ts', 'Options'),
  "pino's options": () => propertiesOf('pino/pino.d.ts', 'LoggerOptions'),
  'express-winston': () => [
    'transports',
    'winstonInstance',
    ...propertiesOf('express-winston/index.d.ts', 'BaseLoggerOptions'),
    ...propertiesOf('express-winston/index.d.ts', 'BaseErrorLoggerOptions'),
  ],
  evlog: () => [
    ...propertiesOf(evlogFile('types-'), 'LoggerConfig').filter((name) => !name.startsWith('_')),
    ...propertiesOf(evlogFile('middleware-'), 'BaseEvlogOptions'),
  ],
  morgan: () => {
    const names = Object.keys(morgan).filter((name) => !['format', 'compile', 'token'].includes(name))
    return ['immediate', 'skip', 'stream', 'buffer', ...names]
  },
  "Fastify's own logging": () => [
    ...propertiesOf('fastify/types/logger.d.ts', 'LogControllerOptions'),
    ...propertiesOf('fastify/fastify.d.ts', 'FastifyServerOptions').filter((name) =>
      /log|requestId|genReqId/i.test(name),
    ),
    ...propertiesOf('fastify/types/route.d.ts', 'RouteShorthandOptions').filter((name) => /^log/.test(name)),
  ],
}

describe.each(Object.entries(TABLES))('%s', (title, list) => {
  test('each option has a place in the tables of docs/migrating.md', () => {
    const options = list()
    expect(options.length).toBeGreaterThan(7)
    const told = firstColumnsOf(sectionOf(title))
    const missing = options.filter((name) => !new RegExp(`[\`.:]${name}\\b`).test(told))
    expect(missing).toEqual([])
  })
})

test('docs/migrating.md says which versions its tables are of', () => {
  const [, said = ''] = /The tables are those of (.*?)\. /.exec(guide.replaceAll(/\s+/g, ' ')) ?? []
  for (const name of ['fastify', 'pino-http', 'morgan', 'express-winston', 'evlog'] as const) {
    const [major = ''] = manifest.devDependencies[name].replace(/^\D+/, '').split('.')
    expect(said).toMatch(new RegExp(`${name} ${major}\\b`))
  }
})
