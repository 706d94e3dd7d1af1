import { readFile } from 'node:fs/promises'
import { sides } from './sides.mjs'

/** When and with what the endings were replayed. */
export async function replayedOn() {
  const packages = sides.flatMap((side) => [side, ...Object.values(side.tools)]).map((each) => each.package)
  const versions = await Promise.all(
    [...new Set(packages)].map(async (name) => `- ${name} ${await versionOf(name)}`),
  )
  const date = new Date().toISOString().slice(0, 10)
  return `Replayed on ${date} with Node.js ${process.versions.node} and:\n\n${versions.join('\n')}\n`
}

async function versionOf(name) {
  const own = name === 'waybill'
  const manifest = new URL(
    own ? '../../package.json' : `../../node_modules/${name}/package.json`,
    import.meta.url,
  )
  return JSON.parse(await readFile(manifest, 'utf8')).version
}
