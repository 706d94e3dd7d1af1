/** The figure in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** The median of a figure that is taken within each round, and its spread. */
export function overRounds(rounds, figure, digits = 2) {
  const values = rounds.map(figure)
  const show = (value) => value.toFixed(digits)
  return `${show(median(values))} (${show(Math.min(...values))} to ${show(Math.max(...values))})`
}

/** What a figure of a variant is above that of bare, within a round. */
export function above(round, variant, figure) {
  return round[variant][figure] - round.bare[figure]
}

/** A table of Markdown. */
export function table([head, ...rows]) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
