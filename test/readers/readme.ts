import { readFileSync } from 'node:fs'

const PAGE = readFileSync(new URL('../../docs/reading.md', import.meta.url), 'utf8')
const BLOCK = /^```(?:sh|sql)\n(?<source>[\s\S]*?)^```$/gm
const COMMENT = /^(?:#|--) /

/** The commands of docs/reading.md that hold a text, as printed, by the comments above them. */
export function commandsWith(text: string): Readonly<Record<string, string>> {
  const commands: Record<string, string> = {}
  for (const { groups } of PAGE.matchAll(BLOCK)) {
    let name = ''
    for (const line of groups?.source?.split('\n') ?? []) {
      if (COMMENT.test(line)) name = line.replace(COMMENT, '')
      else if (groups?.source?.includes(text)) commands[name] = `${commands[name] ?? ''}${line}\n`
    }
  }
  return commands
}
