import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import manifest from '../../package.json' with { type: 'json' }
import { run } from './process.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of a project that has installed waybill from its tarball. */
    project: string
  }
}

const { devDependencies } = manifest
// Without the types of Node.js, Fastify's can't be checked.
const COMPANIONS = (['fastify', '@types/node'] as const).map((name) => `${name}@${devDependencies[name]}`)
const INSTALL = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']

/** Packs waybill and installs it beside Fastify in an empty project, once for all tests. */
export default async function install({ config, provide }: TestProject): Promise<() => Promise<void>> {
  const project = await mkdtemp(join(tmpdir(), 'waybill-packed-'))
  const remove = () => rm(project, { recursive: true, force: true })
  try {
    await npm(['pack', '--loglevel=error', '--pack-destination', project], config.root)
    await writeFile(join(project, 'package.json'), '{ "type": "module" }')
    const tarballs = await readdir(project).then((names) => names.filter((name) => name.endsWith('.tgz')))
    await npm([...INSTALL, ...tarballs.map((name) => `./${name}`), ...COMPANIONS], project)
  } catch (error) {
    await remove()
    throw error
  }
  provide('project', project)
  return remove
}

async function npm(args: readonly string[], cwd: string): Promise<void> {
  const { by, stdout, stderr } = await run('npm', args, cwd)
  if (by !== 0) throw new Error(`npm ${args[0]} ended by ${by}\n${stdout}${stderr}`)
}
