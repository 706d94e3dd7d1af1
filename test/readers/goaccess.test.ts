import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeReader, read } from './programs.js'
import { commandsWith } from './readme.js'
import { parse, runService } from './service.js'

/** What GoAccess says of one target. */
interface Target {
  readonly data: string
  readonly method: string
  readonly bytes: { readonly count: number }
  readonly hits: { readonly count: number }
  /** In microseconds. */
  readonly maxts?: number
}

interface Report {
  readonly general: Readonly<Record<'total_requests' | 'valid_requests' | 'failed_requests', number>>
  readonly requests: { readonly data: readonly Target[] }
  readonly not_found: { readonly data: readonly Target[] }
  readonly status_codes: { readonly data: readonly { readonly items: readonly Target[] }[] }
}

/** What GoAccess shows as it is: it decodes the others, and leaves out what a terminal would obey. */
const PLAIN = /^[\w/*.:=;-]+$/

describeReader('GoAccess', { programs: ['goaccess', 'jq'] }, (folder) => {
  const report = async (): Promise<Report> => JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))
  const targetsOf = ({ requests, not_found }: Report): Target[] => [...requests.data, ...not_found.data]
  const statusesOf = ({ status_codes }: Report): [string, number][] =>
    status_codes.data
      .flatMap(({ items }) => items.map(({ data, hits }): [string, number] => [data.slice(0, 3), hits.count]))
      .sort()

  test('json: takes in every request that could be parsed, by the command of docs/reading.md', async () => {
    const texts = await runService('json')
    await writeFile(join(folder, 'shop.ndjson'), `${texts.join('\n')}\n`)
    const [command = ''] = Object.values(commandsWith('goaccess '))
    await read('bash', ['-o', 'pipefail', '-c', command.replace('report.html', 'report.json')], folder)

    const seen = await report()
    const requests = texts.map(parse).filter(({ status, path }) => status !== undefined && path !== undefined)
    expect(seen.general).toMatchObject({ valid_requests: requests.length, failed_requests: 0 })
    const figures = targetsOf(seen).map(({ method, bytes, maxts }) => [method, bytes.count, maxts])
    expect(figures.sort()).toEqual(
      requests
        .map((line) => [line.method, line.response_bytes, Math.round((line.duration_ms ?? 0) * 1000)])
        .sort(),
    )
    const paths = requests.map(({ path = '' }) => path).filter((path) => PLAIN.test(path))
    expect(paths.length).toBeGreaterThan(15)
    expect(targetsOf(seen).map(({ data }) => data)).toEqual(expect.arrayContaining(paths))
    expect(statusesOf(seen)).toEqual(countsOf(requests.map(({ status }) => String(status))))
  })

  test('combined: takes in every line', async () => {
    const texts = await runService('combined')
    expect(texts.length).toBeGreaterThan(30)
    await writeFile(join(folder, 'access.log'), `${texts.join('\n')}\n`)
    const options = ['--no-global-config', '--log-format=COMBINED', '--no-progress', '-o', 'report.json']
    await read('goaccess', ['access.log', ...options], folder)

    const seen = await report()
    expect(seen.general).toMatchObject({
      total_requests: texts.length,
      valid_requests: texts.length,
      failed_requests: 0,
    })
    expect(statusesOf(seen)).toEqual(
      countsOf(texts.map((text) => /" (?<status>\d{3}) \d+ "/.exec(text)?.[1] ?? '')),
    )
  })
})

/** How often each text is there. */
function countsOf(texts: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].sort()
}
