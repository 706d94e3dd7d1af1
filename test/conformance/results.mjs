import { readFile } from 'node:fs/promises'
import { tools } from './tools.mjs'

/** The document that holds the table, with all that is needed to repeat it. */
export async function resultsDocument(table) {
  const versions = await Promise.all(
    Object.values(tools).map(async (tool) => `${tool.package} ${await versionOf(tool)}`),
  )
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

How each is set up stands in [tools.mjs](tools.mjs), what is played in [endings](endings), and what counts as true in
[verdict.mjs](verdict.mjs). Fastify's own logging and @mgcrea/fastify-request-logger run at level \`trace\`, where Fastify
tells of malformed HTTP. pino-http and morgan are the first listener of the server, where they see most: in an
\`onRequest\` hook, where @fastify/middie has them, they miss what Fastify answers before its hooks.

<!-- conformance -->

${table}
<!-- /conformance -->
`
}

async function versionOf({ package: name }) {
  const own = name === 'waybill'
  const manifest = new URL(
    own ? '../../package.json' : `../../node_modules/${name}/package.json`,
    import.meta.url,
  )
  return JSON.parse(await readFile(manifest, 'utf8')).version
}
