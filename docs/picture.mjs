// Runs examples/fastify.ts in a real terminal, that of tmux, and draws what it shows: docs/terminal.svg, or another file.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { drawRows } from './svg.mjs'

const COLUMNS = 104
const UP_MS = 60_000
const root = fileURLToPath(new URL('..', import.meta.url))
const [, , file = `${root}docs/terminal.svg`] = process.argv
const socket = `waybill-picture-${process.pid}`

/** Calls tmux, which shows UTF-8 and has all colours, whatever the environment. */
function tmux(...args) {
  const { TMUX: _tmux, CI: _ci, NO_COLOR: _color, FORCE_COLOR: _force, ...inherited } = process.env
  const env = {
    ...inherited,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    LOG_LEVEL: '',
    LOG_FORMAT: '',
    LOG_SUMMARY: '',
  }
  return execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8', env })
}

async function seeRow(pattern) {
  for (const end = performance.now() + UP_MS; performance.now() < end; await sleep(50))
    if (pattern.test(tmux('capture-pane', '-p'))) return
  throw new Error(`the terminal does not show ${pattern}:\n${tmux('capture-pane', '-p')}`)
}

const output = 'examples/build/picture'
const tsc = [
  'node_modules/typescript/bin/tsc',
  '-p',
  'examples',
  '--outDir',
  output,
  '--sourceMap',
  '--noCheck',
]
execFileSync(process.execPath, tsc, { cwd: root, stdio: 'inherit' })
const example = `'${process.execPath}' --enable-source-maps ${output}/fastify.js`
const size = ['-x', String(COLUMNS), '-y', '60']
tmux('-f', '/dev/null', '-u', 'new-session', '-d', ...size, '-c', root, `trap : INT; ${example}; sleep 60`)
try {
  await seeRow(/ 200 .* \/report/)
  tmux('send-keys', 'C-c')
  // Its last row.
  await seeRow(/^slowest .*\n.*\n.* of \d/m)
  const rows = tmux('capture-pane', '-e', '-p').trimEnd().split('\n')
  const title = 'The view in a terminal: a row for each request, with log lines and errors between them'
  writeFileSync(file, drawRows(rows, COLUMNS, title))
} finally {
  tmux('kill-server')
}
