/**
 * Whether to write colours: `FORCE_COLOR` decides (`0` and `false` are no), then `NO_COLOR` (https://no-color.org),
 * then whether a terminal that knows colours reads the lines.
 */
export function wantsColors(env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  const force = env.FORCE_COLOR
  if (force !== undefined) return force !== '0' && force !== 'false'
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  return terminal && env.TERM !== 'dumb'
}
