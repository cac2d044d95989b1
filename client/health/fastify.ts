/** The health handler as a route of Fastify. Published as `@quarterturn/client/fastify`. */
import type { RouteHandlerMethod } from 'fastify';
import type { HealthHandler } from './http.ts';

/** `app.get('/api/credentials/health', fastifyHealth(handler))` */
export function fastifyHealth(handler: HealthHandler): RouteHandlerMethod {
  return (request, reply) => {
    reply.hijack();
    return handler(request.raw, reply.raw);
  };
}
