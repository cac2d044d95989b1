/** CRUD of patients, each route within the workspace of its user. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { type Patients, patientIdSchema, patientSchema } from './patients.ts';
import { UnauthorizedError } from './sessions.ts';

const pageSchema = z.strictObject({
  after: patientIdSchema.default('0'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
const pathSchema = z.strictObject({ id: patientIdSchema });

export function patientRoutes(app: FastifyInstance, patients: Patients): void {
  app.get('/patients', async (request) => {
    const { after, limit } = pageSchema.parse(request.query);
    return { patients: await patients.list(workspaceOf(request), after, limit) };
  });

  app.post('/patients', async (request, reply) => {
    const patient = patientSchema.parse(request.body);
    const added = await patients.add(workspaceOf(request), patient);
    return reply.code(201).header('location', `/patients/${added.id}`).send(added);
  });

  app.get('/patients/:id', async (request, reply) => {
    const { id } = pathSchema.parse(request.params);
    const patient = await patients.find(workspaceOf(request), id);
    return patient ?? reply.callNotFound();
  });

  app.put('/patients/:id', async (request, reply) => {
    const { id } = pathSchema.parse(request.params);
    const patient = patientSchema.parse(request.body);
    const replaced = await patients.replace(workspaceOf(request), id, patient);
    return replaced ?? reply.callNotFound();
  });

  app.delete('/patients/:id', async (request, reply) => {
    const { id } = pathSchema.parse(request.params);
    const removed = await patients.remove(workspaceOf(request), id);
    return removed ? reply.code(204).send() : reply.callNotFound();
  });
}

function workspaceOf({ caller }: FastifyRequest): string {
  if (caller === undefined) {
    throw new UnauthorizedError('A route of patients without its hook.');
  }
  return caller.workspaceId;
}
