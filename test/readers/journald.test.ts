import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { describeReader, readInNamespace } from './programs.js'
import { installService, isFailure, linesOf, parse } from './service.js'

const PROGRAMS = ['/lib/systemd/systemd-journald', 'journalctl', 'systemd-cat', 'unshare']
const FORMATS = ['json', 'logfmt', 'ecs', 'combined'] as const
/** What each level is to the journal (syslog(3)). */
const PRIORITIES: Readonly<Record<string, number>> = { info: 6, warn: 4, error: 3 }

interface JournalEntry {
  readonly MESSAGE: unknown
  readonly PRIORITY: string
}

describeReader('journald', { programs: PROGRAMS, root: true }, (out) => {
  beforeAll(async () => {
    await readInNamespace('journald.sh', await installService(), out)
  })

  const read = async (file: string): Promise<string[]> => linesOf(await readFile(join(out, file), 'utf8'))

  test.each(FORMATS)(
    '%s: journalctl shows each line as it was written, its priority taken off',
    async (format) => {
      const written = await read(`${format}.written`)
      expect(written.every((line) => /^<[346]>/.test(line))).toBe(true)
      expect(written.length).toBeGreaterThan(30)
      const texts = written.map((line) => line.slice(3))
      expect(await read(`${format}.cat`)).toEqual(texts)

      const entries = (await read(`${format}.json`)).map((line) => JSON.parse(line) as JournalEntry)
      expect(entries.map(({ MESSAGE }) => MESSAGE)).toEqual(texts)
      expect(entries.map(({ PRIORITY }) => `<${PRIORITY}>`)).toEqual(written.map((line) => line.slice(0, 3)))
    },
  )

  test('json: the priority of each line is that of its level', async () => {
    for (const line of await read('json.written')) {
      const { level } = parse(line.slice(3))
      expect(line.slice(0, 3)).toBe(`<${PRIORITIES[level]}>`)
    }
  })

  test.each(FORMATS)('%s: journalctl -p err shows the failures and nothing else', async (format) => {
    const texts = (await read(`${format}.written`)).map((line) => line.slice(3))
    const failures = texts.filter(isFailureIn[format])
    expect(failures).toHaveLength(2)
    expect(await read(`${format}.err`)).toEqual(failures)
  })
})

const isFailureIn = {
  json: (text: string) => isFailure(parse(text)),
  logfmt: (text: string) => / status=5\d\d /.test(text),
  ecs: (text: string) => Number(JSON.parse(text)['http.response.status_code']) >= 500,
  combined: (text: string) => / HTTP\/1\.1" 5\d\d /.test(text),
}
