import { mountPattern, type Params } from '../request/url.js'

// The one file that touches what Express does not document. Seen in Express 4.21 to 4.22, and in router 2.0 to 2.3, which
// Express 5 uses. A layer is a step of a router: a middleware, a mounted router, a route, or a handler of a route.

/** What Express adds to requests that says which way they take. */
export interface RoutedRequest {
  readonly app: ExpressApp
  readonly res?: { readonly headersSent: boolean }
  readonly baseUrl?: string
  readonly params?: Params
  readonly route?: { readonly path: unknown }
  /** What a router goes on with; restored when the outermost one has nothing left. */
  readonly next?: unknown
}

interface ExpressApp {
  enabled(setting: string): boolean
  /** The prototype of the requests of an app, for apps to extend; that of a mounted app inherits from its parent's. */
  readonly request?: object
  readonly parent?: ExpressApp
  /** Express 4, where `router` throws. */
  readonly _router?: Router
  readonly router?: Router
}

interface Router {
  readonly stack?: readonly Layer[]
}

/** A step of a router. */
export interface Layer {
  readonly route?: RoutedRequest['route']
  /** A middleware, or a mounted router or app. */
  readonly handle?: Handler
  /** What it was declared with, since router 2.3. */
  readonly rawPath?: unknown
  /** Express 4. */
  readonly regexp?: RegExp
  readonly keys?: readonly (string | { readonly name: string | number })[]
}

/** A mounted router holds its own layers, an app those of its router. */
type Handler = ((...args: never[]) => unknown) & Router & { readonly enabled?: unknown }

type Handle = (this: Layer, ...args: unknown[]) => unknown

/** What is called with a request, and with an error before it. */
const HANDLERS = { handle_request: 0, handleRequest: 0, handle_error: 1, handleError: 1 } as const

const observed = new WeakSet<object>()

/**
 * Has all routers of the Express of an app tell which steps a request comes to, once.
 * @returns false if this Express is another one than has been seen
 */
export function observeLayers(
  app: ExpressApp,
  enter: (layer: Layer, request: RoutedRequest) => void,
): boolean {
  const [first] = (app._router ?? app.router)?.stack ?? []
  if (first === undefined) return false
  const prototype = Object.getPrototypeOf(first) as Record<string, Handle | undefined>
  if (observed.has(prototype)) return true
  observed.add(prototype)
  for (const [name, position] of Object.entries(HANDLERS)) {
    const handle = prototype[name]
    if (handle === undefined) continue
    prototype[name] = function enterAndHandle(this: Layer, ...args) {
      // Handlers of a route have a method each, be it undefined.
      if (!('method' in this)) enter(this, args[position] as RoutedRequest)
      return handle.apply(this, args)
    }
  }
  return true
}

const extended = new WeakSet<object>()

/**
 * Adds properties to all requests of an app, by the prototype that Express documents for that: adding them to each request
 * is slow on Node.js 20. Assigning one replaces it, as it does for an own property.
 * @param find finds what the properties are read from, by the request
 */
export function addAccessors<From>(
  { app }: RoutedRequest,
  readers: Readonly<Record<string, (from: From) => unknown>>,
  find: (request: object) => From | undefined,
): void {
  let root = app
  while (root.parent !== undefined) root = root.parent
  const { request: prototype } = root
  if (prototype === undefined || extended.has(prototype)) return
  extended.add(prototype)
  for (const [name, read] of Object.entries(readers)) {
    if (name in prototype) continue
    Object.defineProperty(prototype, name, {
      configurable: true,
      get(this: object) {
        const from = find(this)
        return from === undefined ? undefined : read(from)
      },
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, configurable: true, enumerable: true, writable: true })
      },
    })
  }
}

/** Where a middleware stands among the routes and mounted routers of an app; undefined if it is not one of the app's own. */
export function placeAmongRoutes(
  app: ExpressApp,
  middleware: unknown,
): { readonly before: number; readonly after: number } | undefined {
  const stack = (app._router ?? app.router)?.stack ?? []
  const at = stack.findIndex(({ handle }) => handle === middleware)
  if (at === -1) return undefined
  const isRoute = ({ route, handle }: Layer): boolean =>
    route !== undefined || Array.isArray(handle?.stack) || typeof handle?.enabled === 'function'
  return { before: stack.slice(0, at).filter(isRoute).length, after: stack.slice(at).filter(isRoute).length }
}

/** How Express 4 ends the regular expressions that it makes of texts. */
const MADE_OF_TEXT = '(?=\\/|$)'

/** The pattern of a router, a middleware or an app that is mounted, of what it took from the path of a request. */
export function patternOfMount(layer: Layer, taken: string, request: RoutedRequest): string {
  if (layer.rawPath !== undefined) return shown(layer.rawPath, request)
  if (layer.regexp !== undefined && !layer.regexp.source.endsWith(MADE_OF_TEXT)) return String(layer.regexp)
  const sensitive = request.app.enabled('case sensitive routing')
  return mountPattern(taken, ownParams(layer, request.params ?? {}), sensitive)
}

/** The pattern of a route, below what its router is mounted under. */
export function patternOfRoute({ rawPath, route }: Layer, request: RoutedRequest): string {
  return shown(rawPath ?? route?.path, request)
}

/** A router may merge those of its parents in. */
function ownParams({ keys }: Layer, params: Params): Params {
  if (keys === undefined) return params
  const names = keys.map((key) => String(typeof key === 'string' ? key : key.name))
  return Object.fromEntries(names.map((name) => [name, params[name]]))
}

const MATCHED = 'router.tracing.matchedRoute'

/** A pattern as it is shown: of a list the one that matched, or all where it is not known. */
function shown(pattern: unknown, request: object): string {
  if (!Array.isArray(pattern)) return String(pattern)
  const key = Object.getOwnPropertySymbols(request).find(({ description }) => description === MATCHED)
  const matched: unknown = key && Reflect.get(request, key)
  return pattern.includes(matched) ? String(matched) : pattern.map(String).join('|')
}

/** Whether an error is that of a router which could not decode the URL, so that no route got it. */
export function isUndecodable(error: unknown): boolean {
  return error instanceof URIError && (error as { status?: unknown }).status === 400
}
