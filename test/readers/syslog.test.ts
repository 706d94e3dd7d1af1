import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { describeReader } from './programs.js'
import { linesOf, parse, runService } from './service.js'

/** Where .ci/readers unpacks both, which Debian does not install side by side. */
const ROOT = fileURLToPath(new URL('../../node_modules/.cache/readers', import.meta.url))
const LIBRARIES = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu', 'usr/lib/syslog-ng']
const PATIENCE_MS = 20_000

interface Daemon {
  readonly program: string
  readonly options: (folder: string) => readonly string[]
}

const RSYSLOG: Daemon = {
  program: 'usr/sbin/rsyslogd',
  options: (folder) => [
    ...['-n', '-f', join(folder, 'rsyslog.conf'), '-i', join(folder, 'pid')],
    ...['-M', join(ROOT, 'usr/lib/x86_64-linux-gnu/rsyslog')],
  ],
}
const SYSLOG_NG: Daemon = {
  program: 'usr/sbin/syslog-ng',
  options: (folder) => [
    ...['--foreground', '--no-caps', '--cfgfile', join(folder, 'syslog-ng.conf')],
    ...['--module-path', join(ROOT, 'usr/lib/syslog-ng/3.38'), '--persist-file', join(folder, 'persist')],
    ...['--pidfile', join(folder, 'pid'), '--control', join(folder, 'control')],
  ],
}

/** Has a daemon read lines from a file, and returns what it says of each. */
async function take(
  daemon: Daemon,
  config: string,
  folder: string,
  lines: readonly string[],
): Promise<string[]> {
  const template = await readFile(new URL(`syslog/${config}`, import.meta.url), 'utf8')
  await writeFile(join(folder, config), template.replaceAll('FOLDER', folder))
  await writeFile(join(folder, 'lines'), `${lines.join('\n')}\n`)
  const child = spawn(join(ROOT, daemon.program), daemon.options(folder), {
    stdio: 'inherit',
    env: { LD_LIBRARY_PATH: LIBRARIES.map((library) => join(ROOT, library)).join(':') },
  })
  const ended = once(child, 'exit')
  try {
    return await until(lines.length, join(folder, 'parsed'))
  } finally {
    child.kill()
    await ended
  }
}

/** Waits until a file has so many lines. */
async function until(count: number, file: string): Promise<string[]> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(50)) {
    const text = existsSync(file) ? await readFile(file, 'utf8') : ''
    if (text.split('\n').length > count) return linesOf(text)
  }
  throw new Error(`${file} has no ${count} lines after ${PATIENCE_MS} ms`)
}

describeReader('rsyslog', { programs: [join(ROOT, RSYSLOG.program)] }, (folder) => {
  test('takes in every field of every line, with its type', async () => {
    const written = await runService('json')
    const parsed = await take(RSYSLOG, 'rsyslog.conf', folder, written)
    expect(parsed.map(parse)).toEqual(written.map(parse))
    expect(existsSync(join(folder, 'refused'))).toBe(false)
  })
})

describeReader('syslog-ng', { programs: [join(ROOT, SYSLOG_NG.program)] }, (folder) => {
  test('takes in every field of every line, as text', async () => {
    const written = await runService('json')
    const parsed = await take(SYSLOG_NG, 'syslog-ng.conf', folder, written)
    expect(parsed.map(parse)).toEqual(written.map((line) => asTexts(parse(line))))
  })
})

/** What syslog-ng makes of a value: six decimals, and commas between the items of a list. */
function asTexts(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : value.toFixed(6)
  if (Array.isArray(value)) return value.map(asTexts).join()
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asTexts(each)]))
}
