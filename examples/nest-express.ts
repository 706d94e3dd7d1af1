// A part of the shop, on NestJS with Express.
import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import { createLogger, waybill } from 'waybill/express'
import { nestLogger } from './nest-logger.js'
import { ShopModule } from './nest-shop.js'

const log = createLogger()
const requestLog = waybill()
const app = await NestFactory.create<NestExpressApplication>(ShopModule, { logger: nestLogger(log) })
app.use(requestLog)
requestLog.attach(app.getHttpServer())
app.enableShutdownHooks()
await app.listen(Number(process.env.PORT ?? 0), '127.0.0.1')
log.info(`Server listening at ${await app.getUrl()}`)
