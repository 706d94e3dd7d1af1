/** Returns the median. */
export function median(values) {
  return quantile(values, 0.5)
}

/** Returns a quantile, interpolated between two figures. */
function quantile(values, part) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * part
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]]
  return below + (above - below) * (at % 1)
}

/** Formats the median and quartiles of a figure that is computed within each round. */
export function overRounds(rounds, figure, digits = 2) {
  const values = rounds.map(figure)
  const [middle, low, high] = [0.5, 0.25, 0.75].map((part) => quantile(values, part).toFixed(digits))
  return low === high ? middle : `${middle} (${low} to ${high})`
}

/** Returns the lowest value of a variant's figure in any round, because disturbances only ever add to it. */
export function lowest(rounds, variant, figure) {
  return Math.min(...rounds.map((round) => round[variant][figure]))
}

/**
 * Returns the user or system part of the lowest CPU time. The kernel samples the two, too rarely for one turn, so the ratio
 * is that of all turns.
 */
export function partOfLowest(rounds, variant, part) {
  // A turn without answers has no figure.
  const turns = rounds.map((round) => round[variant]).filter(({ cpu }) => Number.isFinite(cpu))
  const sum = (figure) => turns.reduce((total, turn) => total + turn[figure], 0)
  return (lowest(rounds, variant, 'cpu') * sum(part)) / sum('cpu')
}

/** Returns a figure of a variant minus that of bare, within a round. */
export function above(round, variant, figure) {
  return round[variant][figure] - round.bare[figure]
}

/** Formats a Markdown table. */
export function table([head, ...rows]) {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
