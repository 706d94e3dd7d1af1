import { readFile } from 'node:fs/promises'
import { sides } from './sides.mjs'
import { formatPlace } from './table.mjs'

/** Returns the document with the tables of all sides, and with everything needed to repeat them. */
export async function resultsDocument(tables) {
  const packages = sides.flatMap((side) => [side, ...Object.values(side.tools)]).map((each) => each.package)
  const versions = await Promise.all(
    [...new Set(packages)].map(async (name) => `${name} ${await versionOf(name)}`),
  )
  const places = sides.map((side, at) => `## ${side.title}\n\n${formatPlace(side, tables[at])}`)
  return `# Which endings of a request are told truthfully

Replayed on ${new Date().toISOString().slice(0, 10)} with Node.js ${process.versions.node} and:

${versions.map((version) => `- ${version}`).join('\n')}

To repeat it: \`npm run conformance\`; to see the lines behind a row: \`npm run conformance -- --show 'the client leaves'\`.

Every ending is played over real sockets against a service of its own, whose stdout and stderr are read to their ends.
What is true is what the client saw of its request: a status, if one came, and the answer to its end or not.

- **yes**: one completion for every request, and it is true. Of an answer that arrived whole, it states the status; of one
  from 400 on, it may state none. Of an answer that did not arrive whole, it can be told from a success: by words, by an
  error, by a status from 400 on, or by stating none.
- **as another**: a completion that says something else, as a 200 for a stream that was reset.
- **twice**: more completions than requests.
- **2 of 3**: a true completion for some of the requests, none for the others.
- **no**: no completion. The line about an error that some tools write beside the completion of a request is none.

waybill is held to more: each request has a start, and the outcome and the status of its documentation.

What is played stands in [endings](endings), what counts as true in [verdict.mjs](verdict.mjs), how each tool is set up in
[fastify.mjs](fastify.mjs) and [express.mjs](express.mjs):

- On Fastify, its own logging and @mgcrea/fastify-request-logger run at level \`trace\`, where Fastify tells of malformed
  HTTP. pino-http and morgan are the first listener of the server, where they see most: in an \`onRequest\` hook, where
  @fastify/middie has them, they miss what Fastify answers before its hooks.
- On Express, each is the first middleware of the app. waybill is attached to the server, and \`waybill.errors()\` and the
  \`errorLogger\` of express-winston stand after the routes. What only Fastify does has no row: replies that are hijacked,
  \`handlerTimeout\`, the limit of a parameter, the 503 of a server that is closing, HTTP/2.

${places.join('\n')}`
}

async function versionOf(name) {
  const own = name === 'waybill'
  const manifest = new URL(
    own ? '../../package.json' : `../../node_modules/${name}/package.json`,
    import.meta.url,
  )
  return JSON.parse(await readFile(manifest, 'utf8')).version
}
