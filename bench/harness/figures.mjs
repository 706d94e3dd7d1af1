/** The figure in the middle. */
export function median(values) {
  return quantile(values, 0.5)
}

/** The figure below which is a part of all; between two it is taken in proportion. */
function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * part
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return below + (above - below) * (at % 1)
}

/** The median of a figure that is taken within each round, and its quartiles. */
export function overRounds(rounds, figure, digits = 2) {
  const values = rounds.map(figure)
  const [middle, low, high] = [0.5, 0.25, 0.75].map((part) => quantile(values, part).toFixed(digits))
  return low === high ? middle : `${middle} (${low} to ${high})`
}

/** The lowest value of a variant's figure in any round: what disturbs a turn only ever adds to it. */
export function lowest(rounds, variant, figure) {
  return Math.min(...rounds.map((round) => round[variant][figure]))
}

/**
 * What of the lowest CPU time was user or system time. The kernel tells the two apart by samples, too few for one turn, so
 * that the part is that of all turns.
 */
export function partOfLowest(rounds, variant, part) {
  // A turn in which nothing was answered has no figure.
  const turns = rounds.map((round) => round[variant]).filter(({ cpu }) => Number.isFinite(cpu))
  const sum = (figure) => turns.reduce((total, turn) => total + turn[figure], 0)
  return (lowest(rounds, variant, 'cpu') * sum(part)) / sum('cpu')
}

/** What a figure of a variant is above that of bare, within a round. */
export function above(round, variant, figure) {
  return round[variant][figure] - round.bare[figure]
}

/** A table of Markdown. */
export function table([head, ...rows]) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
