import { readFileSync } from 'node:fs'

const [, SECTION = ''] = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').split(
  '\n## Reading it with other programs\n',
)
const [PROGRAMS = ''] = SECTION.split('\n## ')
const BLOCK = /^```(?:sh|sql)\n(?<source>[\s\S]*?)^```$/gm
const COMMENT = /^(?:#|--) /

/** The commands of README.md that hold a text, as printed, by the comments above them. */
export function commandsWith(text: string): Readonly<Record<string, string>> {
  const commands: Record<string, string> = {}
  for (const { groups } of PROGRAMS.matchAll(BLOCK)) {
    let name = ''
    for (const line of groups?.source?.split('\n') ?? []) {
      if (COMMENT.test(line)) name = line.replace(COMMENT, '')
      else if (groups?.source?.includes(text)) commands[name] = `${commands[name] ?? ''}${line}\n`
    }
  }
  return commands
}
