// What single pieces of waybill cost, next to alternatives.
import { run } from 'mitata'
import { benchCarrier } from './pieces/carrier.mjs'
import { benchEncoder } from './pieces/encoder.mjs'
import { benchId } from './pieces/id.mjs'
import { benchWriter } from './pieces/writer.mjs'

const PIECES = { id: benchId, carrier: benchCarrier, encoder: benchEncoder, writer: benchWriter }

for (const piece of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(PIECES)) PIECES[piece]()
await run()
