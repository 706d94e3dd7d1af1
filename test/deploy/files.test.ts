import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

const folder = fileURLToPath(new URL('../../examples/deploy/', import.meta.url))
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
const yamlFiles = files.filter((name) => name.endsWith('.yaml'))

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

/** The documents of a YAML file; throws where it is none, and where a key is there twice. */
function documentsOf(name: string): unknown[] {
  return parseAllDocuments(read(name), { uniqueKeys: true }).map((document) => {
    const [error] = [...document.errors, ...document.warnings]
    if (error !== undefined) throw error
    return document.toJS()
  })
}

function isThere(command: string): boolean {
  return spawnSync(command, ['--help'], { stdio: 'ignore' }).error === undefined
}

test.each(yamlFiles)('%s is YAML', (name) => {
  expect(documentsOf(name)).toEqual([expect.any(Object)])
})

test('each image has a version', () => {
  const images = [...yamlFiles, 'Dockerfile'].flatMap((name) => [
    ...read(name).matchAll(/^\s*(?:image:|FROM) *(\S+)/gm),
  ])
  expect(images.length).toBeGreaterThan(6)
  for (const [, image] of images) expect(image).toMatch(/:\d+\.\d+/)
})

test('each file that compose.yaml hands to a program is there', () => {
  const mounted = [...read('compose.yaml').matchAll(/^ *- (\.\/[^:]+):/gm)].map(([, name = '']) => name)
  expect(mounted).toEqual(['./elastic/filebeat.yaml', './elastic/logstash.conf'])
  for (const name of mounted) expect(existsSync(join(folder, name))).toBe(true)
})

test('each file that the Dockerfile copies of the service is there, and each file of the service is copied', () => {
  const copied = /^COPY package.json (\S+\.mjs .+) \.\/$/m.exec(read('Dockerfile'))?.[1]?.split(' ') ?? []
  expect(copied).toEqual(['service.mjs', 'server.mjs'])
  for (const name of copied) {
    expect(files).toContain(name)
    const imported = [...read(name).matchAll(/from '\.\/([^']+)'/g)].map(([, file]) => file)
    expect(imported.filter((file) => !copied.includes(String(file)))).toEqual([])
  }
})

test('the collector uses what it declares, and declares what it uses', () => {
  interface Config {
    service: { pipelines: { logs: Record<'receivers' | 'processors' | 'exporters', string[]> } }
    receivers: object
    processors: object
    exporters: object
  }
  const [config] = documentsOf('collector.yaml') as [Config]
  for (const kind of ['receivers', 'processors', 'exporters'] as const)
    expect(Object.keys(config[kind])).toEqual(config.service.pipelines.logs[kind])
})

test.skipIf(!isThere('systemd-analyze'))(
  'systemd-analyze finds nothing wrong with the unit (else not installed)',
  () => {
    const copy = mkdtempSync(join(tmpdir(), 'waybill-unit-'))
    onTestFinished(() => rmSync(copy, { recursive: true }))
    const unit = join(copy, 'shop.service')
    // It wants the program to be there.
    writeFileSync(unit, read('shop.service').replace('/usr/bin/node', process.execPath))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  },
)

test.skipIf(!isThere('docker-compose'))('docker-compose takes compose.yaml (else not installed)', () => {
  const said = execFileSync('docker-compose', [
    '--file',
    join(folder, 'compose.yaml'),
    'config',
    '--services',
  ])
  expect(said.toString().trim().split('\n').sort()).toEqual([
    'elasticsearch',
    'filebeat',
    'kibana',
    'logstash',
    'shop',
  ])
})

test.skipIf(!isThere('kubectl'))('kubectl builds the manifests (else not installed)', () => {
  const said = execFileSync('kubectl', ['kustomize', join(folder, 'kubernetes')]).toString()
  expect([...said.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind).sort()).toEqual([
    'Deployment',
    'Service',
  ])
})

test('the service answers the probes that Kubernetes sends', () => {
  const paths = [...read('kubernetes/deployment.yaml').matchAll(/path: ([^,]+),/g)].map(([, path]) => path)
  expect(paths).toEqual(['/healthz', '/healthz'])
  expect(read('service.mjs')).toContain("app.get('/healthz', { config: { waybill: { quiet: true } } }")
})
