/** Who may log in. */
import * as z from 'zod';
import type { Database } from './database.ts';

/** `operator`: also sees which keys and versions this process holds. */
export const roleSchema = z.enum(['pharmacist', 'operator']);

export const userSchema = z.strictObject({
  id: z.string().regex(/^[\w.@-]{1,100}$/),
  workspaceId: z.string().regex(/^[\w.-]{1,100}$/),
  role: roleSchema,
});
export type User = z.infer<typeof userSchema>;

export class Users {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(id: string): Promise<(User & { passwordHash: string }) | undefined> {
    // Nobody has another name; of some, PostgreSQL would make an error.
    if (!userSchema.shape.id.safeParse(id).success) {
      return undefined;
    }
    const { rows } = await this.#database.query<User & { passwordHash: string }>(
      `SELECT id, workspace_id AS "workspaceId", role, password_hash AS "passwordHash"
         FROM public.users WHERE id = $1`,
      [id],
    );
    return rows[0];
  }

  async add({ id, workspaceId, role }: User, passwordHash: string): Promise<void> {
    await this.#database.query(
      'INSERT INTO public.users (id, workspace_id, role, password_hash) VALUES ($1, $2, $3, $4)',
      [id, workspaceId, role, passwordHash],
    );
  }
}
