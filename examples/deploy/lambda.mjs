// The same service on AWS Lambda, behind API Gateway, a function URL or a load balancer.
import awsLambda from '@fastify/aws-lambda'
import { build } from './service.mjs'

const app = await build()
export const handler = awsLambda(app)
// Prepares the app while Lambda starts, not in the first request.
await app.ready()
