import {
  type ArgumentsHost,
  Catch,
  Controller,
  Get,
  HttpException,
  Module,
  NotFoundException,
  Param,
  Post,
  Req,
} from '@nestjs/common'
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core'
import type { CurrentRequest } from 'waybill'
import { type Order, ordersOf, pay, users } from './store.js'

/** A request with waybill's properties, of Express or Fastify. */
interface Logged {
  readonly log: { info(fields: object, message: string): void }
  readonly waybill: CurrentRequest
}

@Controller()
class ShopController {
  @Get('users/:id')
  user(@Param('id') id: string, @Req() { log }: Logged): object {
    const user = users.get(id)
    log.info({ found: user !== undefined }, 'looking up user')
    if (user === undefined) throw new NotFoundException('no such user')
    return user
  }

  @Get('users/:id/orders')
  orders(@Param('id') id: string, @Req() { waybill }: Logged): readonly Order[] {
    const orders = ordersOf(id)
    waybill.add({ user_id: id, orders: orders.length })
    return orders
  }

  @Post('orders/:id/pay')
  async pay(@Param('id') id: string, @Req() { waybill }: Logged): Promise<void> {
    waybill.add({ order_id: id, provider: 'acme-pay' })
    await pay(id)
  }
}

/** Reports the errors that Nest answers before its platform sees them. */
@Catch()
class FailureFilter extends BaseExceptionFilter {
  override catch(error: unknown, host: ArgumentsHost): void {
    // The message of a 404 contains the query.
    const isRefusal = error instanceof HttpException && error.getStatus() < 500
    if (!isRefusal) host.switchToHttp().getRequest<Partial<Logged>>().waybill?.fail(error)
    super.catch(error, host)
  }
}

@Module({
  controllers: [ShopController],
  providers: [{ provide: APP_FILTER, useClass: FailureFilter }],
})
export class ShopModule {}
