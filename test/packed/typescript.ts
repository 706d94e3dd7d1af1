import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { run } from './process.js'

const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** The releases of TypeScript that the types are checked with. The first is the lowest. */
export const RELEASES = ['5.8', '5.9', '6', '7'] as const
/** Whether all of them are tried, which takes minutes. */
export const EVERYWHERE = process.env.EVERYWHERE !== undefined

type Release = (typeof RELEASES)[number]

/** How a program is compiled, where not as an ES module of Node.js by the newest TypeScript. */
export interface Compiling {
  readonly type?: 'module' | 'commonjs'
  readonly release?: Release
  readonly options?: object
}

const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  lib: ['es2023'],
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  types: ['node'],
  // A project without the types of Node.js of its own has those of waybill.
  typeRoots: ['../node_modules/@types', join(NODE_MODULES, '@types')],
}

/** What bundlers are used with. */
export const BUNDLER = { module: 'esnext', moduleResolution: 'bundler', lib: ['es2023', 'dom'] }

function compilerOf(release: Release): string {
  if (release === '7') return join(NODE_MODULES, 'typescript/bin/tsc')
  const name = release === '5.9' ? 'typescript' : `typescript-${release}`
  return join(inject('tools'), 'node_modules', name, 'bin/tsc')
}

/**
 * What TypeScript has to say about a module, or about several by their names, in a folder of its own inside a project; empty when it is
 * content.
 */
export async function complaints(
  source: string | Record<string, string>,
  project: string,
  name: string,
  { type = 'module', release = '7', options }: Compiling = {},
): Promise<string> {
  const folder = join(project, name)
  await mkdir(folder)
  const compilerOptions = { ...COMPILER_OPTIONS, ...options }
  const files = {
    'package.json': JSON.stringify({ type }),
    'tsconfig.json': JSON.stringify({ compilerOptions }),
    ...(typeof source === 'string' ? { 'consumer.ts': source } : source),
  }
  await Promise.all(Object.entries(files).map(([file, text]) => writeFile(join(folder, file), text)))
  const { by, stdout, stderr } = await run(
    process.execPath,
    [compilerOf(release), '--pretty', 'false'],
    folder,
  )
  return by === 0 ? '' : `${stdout}${stderr}` || `tsc ended by ${by}`
}
