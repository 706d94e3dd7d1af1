import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './process.js'

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))

const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  types: ['node'],
}

/** What TypeScript has to say about a module in a folder of its own inside a project; empty when it is content. */
export async function complaints(
  source: string,
  project: string,
  name: string,
  type: 'module' | 'commonjs' = 'module',
): Promise<string> {
  const folder = join(project, name)
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type }))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }))
  await writeFile(join(folder, 'consumer.ts'), source)
  const { by, stdout, stderr } = await run(process.execPath, [TSC, '--pretty', 'false'], folder)
  return by === 0 ? '' : `${stdout}${stderr}` || `tsc ended by ${by}`
}
