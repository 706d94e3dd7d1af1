/** How often each property is tried in the long form, `FUZZ_RUNS=5000 npm test -- test/fuzz`; fewer times by default. */
const asked = process.env.FUZZ_RUNS ? Number(process.env.FUZZ_RUNS) : undefined

/** The longest that a property is tried by default, on a busy machine; looking for the smallest counterexample can take long. */
const LIMIT_MS = 20_000

/** The parameters of a property that is tried so many times by default. */
export function runs(byDefault: number): { numRuns: number; interruptAfterTimeLimit?: number } {
  return asked === undefined ? { numRuns: byDefault, interruptAfterTimeLimit: LIMIT_MS } : { numRuns: asked }
}

/** How long a test of properties may take. */
export const FUZZ_TIMEOUT_MS = asked === undefined ? 60_000 : 60_000 + 100 * asked
